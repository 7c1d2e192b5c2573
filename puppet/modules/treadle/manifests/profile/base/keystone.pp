# Keystone under Apache, with the puppet module's own parameters from hiera.
#
# @param bind_ip Address that Apache listens on
# @param port Port that Apache listens on
# @param admin_password Password of the user admin
# @param endpoints URLs `public`, `internal`, `admin` without a version
# @param region Region of the endpoints
# @param rabbit_user Name to log in to RabbitMQ with
# @param rabbit_password Password for RabbitMQ
# @param rabbit_port Port of RabbitMQ
# @param rabbit_hosts Addresses of the brokers, empty where the cloud has none
# @param memcached_ips Addresses of the memcached servers, empty where the cloud has none
# @param memcached_port Port of the memcached servers
# @param rotate_fernet_keys Whether cron rotates the keys. It must not where several nodes share them
# @param step Step of the deployment: 3 makes what must exist once, 6 the configuration
class treadle::profile::base::keystone (
  String[1] $admin_password,
  String[1] $rabbit_password,
  Struct[{ public => String[1], internal => String[1], admin => String[1] }] $endpoints,
  String[1] $bind_ip              = lookup('keystone::wsgi::apache::bind_host'),
  Stdlib::Port $port              = lookup('keystone::wsgi::apache::port', { 'default_value' => 5000 }),
  String[1] $region               = 'regionOne',
  String[1] $rabbit_user          = 'guest',
  Stdlib::Port $rabbit_port       = 5672,
  Array[String[1]] $rabbit_hosts  = lookup('rabbitmq_node_ips', { 'default_value' => [] }),
  Array[String[1]] $memcached_ips = lookup('memcached_node_ips', { 'default_value' => [] }),
  Stdlib::Port $memcached_port    = 11211,
  Boolean $rotate_fernet_keys     = length(lookup('keystone_node_ips')) == 1,
  Integer $step                   = Integer(lookup('step')),
) {
  if $step == 3 {
    include treadle::profile::base::keystone::tasks
  } else {
    unless empty($memcached_ips) {
      class { 'keystone::cache':
        enabled          => true,
        backend          => 'dogpile.cache.memcached',
        memcache_servers => $memcached_ips.map |$ip| { treadle::socket($ip, $memcached_port) },
      }
    }
    class { 'keystone':
      default_transport_url => $rabbit_hosts ? {
        []      => undef,
        default => treadle::transport_url($rabbit_hosts, $rabbit_user, $rabbit_password, $rabbit_port),
      },
    }
    # Receipts of unfinished logins are encrypted with the same keys as tokens.
    keystone_config {
      'fernet_receipts/key_repository':  value => lookup('keystone::fernet_key_repository');
      'fernet_receipts/max_active_keys': value => lookup('keystone::fernet_max_active_keys');
    }
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
