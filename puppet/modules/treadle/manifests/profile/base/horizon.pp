# Horizon under Apache, with the puppet module's own parameters from hiera. Sessions are kept in memcached; where the
# cloud has none, in signed cookies.
#
# @param bind_ip Address that Apache listens on
# @param port Port that Apache listens on
# @param allowed_hosts Names that a browser may call Horizon by
# @param path Where Horizon is, and what its compressed styles were made for
# @param other_path Where TripleO's clouds have it
class treadle::profile::base::horizon (
  String[1] $bind_ip                  = lookup('horizon::bind_address'),
  Stdlib::Port $port                  = lookup('horizon::http_port', { 'default_value' => 80 }),
  Array[String[1], 1] $allowed_hosts  = lookup('horizon::allowed_hosts'),
  Stdlib::Absolutepath $path          = '/horizon',
  Stdlib::Absolutepath $other_path    = '/dashboard',
) {
  include treadle::cache
  $sessions = $treadle::cache::servers ? {
    undef   => { 'django_session_engine' => 'django.contrib.sessions.backends.signed_cookies' },
    default => {
      'cache_backend'     => 'django.core.cache.backends.memcached.PyMemcacheCache',
      'cache_server_ip'   => $treadle::cache::ips,
      'cache_server_port' => String($treadle::cache::port),
    },
  }
  # The module puts its log files before this service, which nothing starts while configuration is generated.
  class { 'apache':
    service_manage => true,
  }
  class { 'horizon':
    vhost_extra_params => {
      # Styles name fonts below /static, wherever Horizon itself is.
      'aliases'            => ["${path}/static", '/static'].map |$from| {
        { 'alias' => $from, 'path' => '/var/lib/openstack-dashboard/static' }
      },
      # Each process loads the application before it takes requests.
      'wsgi_import_script' => undef,
      'custom_fragment'    => join([
        "  RedirectMatch permanent ^${other_path}(/.*)?$ ${path}\$1",
        '  WSGIImportScript /usr/share/openstack-dashboard/wsgi.py process-group=www-data application-group=%{GLOBAL}',
      ], "\n"),
    },
    *                  => $sessions,
  }
  include apache::mod::prefork
  include apache::mod::deflate
  include apache::mod::mime

  # Django answers only to names that it knows.
  $named = $allowed_hosts.filter |$host| { $host !~ /^[*.]/ }
  $host = empty($named) ? {
    true    => $allowed_hosts[0] ? {
      /^\./   => "any${allowed_hosts[0]}",
      default => $bind_ip,
    },
    default => $named[0],
  }
  $page = "http://${treadle::socket($bind_ip, $port)}${path}/auth/login/"
  treadle::healthcheck { 'horizon':
    command => "exec curl --silent --show-error --fail --max-time 8 --output /dev/null --header 'Host: ${host}' ${page}",
  }
}
