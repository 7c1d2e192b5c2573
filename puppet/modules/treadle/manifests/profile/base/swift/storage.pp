# Swift's servers of accounts, containers and objects, and the daemons that keep what these have in order.
#
# @param bind_ip Address that the servers and rsync listen on
# @param ports Ports of the servers
# @param options Further options of the servers' files, such as {object: {'object-replicator/interval': {value: 60}}};
#   of the object expirer's under object_expirer
# @param daemons Daemons beside the servers
class treadle::profile::base::swift::storage (
  String[1] $bind_ip                = lookup('swift::storage::all::storage_local_net_ip'),
  Hash[String[1], Stdlib::Port] $ports = {
    'account'   => lookup('swift::storage::all::account_port'),
    'container' => lookup('swift::storage::all::container_port'),
    'object'    => lookup('swift::storage::all::object_port'),
  },
  Hash[Enum['account', 'container', 'object', 'object_expirer'], Hash[String[1], Hash]] $options = {},
  Array[String[1]] $daemons         = [
    'account-auditor', 'account-reaper', 'account-replicator',
    'container-auditor', 'container-replicator', 'container-updater',
    'object-auditor', 'object-expirer', 'object-replicator', 'object-updater',
  ],
) {
  include treadle::profile::base::swift
  include swift::storage::all
  swift::storage::filter::healthcheck { keys($ports): }
  swift::storage::filter::recon { keys($ports): }

  # Where the other nodes take the rings from that the first one has built.
  rsync::server::module { 'swift_rings':
    path => '/etc/swift/rings',
    list => 'no',
  }

  $servers = $treadle::cache::servers
  class { 'swift::objectexpirer':
    pipeline         => ['catch_errors', 'proxy-logging'] + ($servers ? { undef => [], default => ['cache'] })
      + ['proxy-server'],
    memcache_servers => pick($servers, []),
  }

  (keys($ports) + ['object_expirer']).each |$type| {
    $of_type = pick($options[$type], {})
    create_resources("swift_${type}_config", {
      'DEFAULT/log_custom_handlers' => { 'value' => 'treadle_swift.to_file' },
    } + $of_type)
  }

  $ports.each |$type, $port| {
    $api = treadle::socket($bind_ip, $port)
    treadle::healthcheck { "swift_${type}_server":
      command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${api}/healthcheck",
    }
  }
  $daemons.each |$daemon| {
    treadle::healthcheck { "swift_${regsubst($daemon, '-', '_')}":
      command => "exec pgrep -f /usr/bin/swift-${daemon}",
    }
  }
  treadle::healthcheck { 'swift_rsync':
    command => "exec 3<>/dev/tcp/${bind_ip}/873",
  }
}
