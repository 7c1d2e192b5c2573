# Keystone under Apache, with the puppet module's own parameters from hiera.
#
# @param bind_ip Address that Apache listens on
# @param port Port that Apache listens on
# @param admin_password Password of the user admin
# @param endpoints URLs `public`, `internal`, `admin` without a version
# @param region Region of the endpoints
# @param brokers Addresses of the message brokers, empty where the cloud has none
# @param rotate_fernet_keys Whether cron rotates the keys. It must not where several nodes share them
# @param step Step of the deployment: 3 makes what must exist once, 6 the configuration
class treadle::profile::base::keystone (
  String[1] $admin_password,
  Struct[{ public => String[1], internal => String[1], admin => String[1] }] $endpoints,
  String[1] $bind_ip              = lookup('keystone::wsgi::apache::bind_host'),
  Stdlib::Port $port              = lookup('keystone::wsgi::apache::port', { 'default_value' => 5000 }),
  String[1] $region               = 'regionOne',
  Array[String[1]] $brokers       = lookup('rabbitmq_node_ips', { 'default_value' => [] }),
  Boolean $rotate_fernet_keys     = length(lookup('keystone_node_ips')) == 1,
  Integer $step                   = Integer(lookup('step')),
) {
  if $step == 3 {
    include treadle::profile::base::keystone::tasks
  } else {
    include treadle::cache
    if $treadle::cache::servers {
      class { 'keystone::cache':
        enabled          => true,
        backend          => 'dogpile.cache.memcached',
        memcache_servers => $treadle::cache::servers,
      }
    }
    if empty($brokers) {
      include keystone
    } else {
      include treadle::messaging
      class { 'keystone':
        default_transport_url => $treadle::messaging::url,
      }
    }
    # Receipts of unfinished logins are encrypted with the same keys as tokens.
    keystone_config {
      'fernet_receipts/key_repository':  value => lookup('keystone::fernet_key_repository');
      'fernet_receipts/max_active_keys': value => lookup('keystone::fernet_max_active_keys');
    }
    include keystone::config
    include apache::mod::prefork
    include keystone::wsgi::apache
    include keystone::cron::trust_flush
    if $rotate_fernet_keys {
      include keystone::cron::fernet_rotate
    }
    include treadle::profile::base::keystone::init

    # The first keys; keystone_fernet_keys.sh takes them from here to the folder where cron rotates them.
    file { '/etc/keystone/fernet-keys':
      ensure => directory,
      owner  => 'keystone',
      group  => 'keystone',
      mode   => '0700',
    }

    $api = treadle::socket($bind_ip, $port)
    treadle::healthcheck { 'keystone':
      command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${api}/v3",
    }
    treadle::healthcheck { 'keystone_cron':
      command => 'exec pgrep -x cron',
    }
  }
}
