# Swift's API, a process of its own.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param pipeline What a request passes, by the names of the Puppet module's classes
# @param options Further options of proxy-server.conf, such as {'filter:slo/max_manifest_segments': {value: 2000}}
class treadle::profile::base::swift::proxy (
  String[1] $bind_ip            = lookup('swift::proxy::proxy_local_net_ip'),
  Stdlib::Port $port            = Integer(lookup('swift::proxy::port')),
  Hash[String[1], Hash] $options = {},
  Array[String[1], 1] $pipeline = [
    'catch_errors', 'gatekeeper', 'healthcheck', 'proxy-logging', 'cache', 'listing_formats', 'ratelimit', 'bulk',
    'tempurl', 'formpost', 'authtoken', 'keystone', 'staticweb', 'copy', 'container_quotas',
    'account_quotas', 'slo', 'dlo', 'versioned_writes', 'symlink', 'proxy-logging', 'proxy-server',
  ],
) {
  include treadle::profile::base::swift
  $servers = $treadle::cache::servers

  $without_cache = $servers ? {
    undef   => ['cache'],
    default => [],
  }
  $passed = $pipeline - $without_cache
  if $servers {
    class { 'swift::proxy::cache':
      memcache_servers => $servers,
    }
  }
  unique($passed - ['proxy-server']).each |$filter| {
    include "swift::proxy::${regsubst($filter, '-', '_', 'G')}"
  }
  class { 'swift::proxy':
    pipeline => $passed,
  }
  swift_proxy_config { 'DEFAULT/log_custom_handlers': value => 'treadle_swift.to_file' }
  create_resources('swift_proxy_config', $options)

  $api = treadle::socket($bind_ip, $port)
  treadle::healthcheck { 'swift_proxy':
    command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${api}/healthcheck",
  }
}
