# HAProxy: one `listen` section for each endpoint that the services of the cloud declare.
#
# A service's template adds to `treadle::haproxy::endpoints` under service_config_settings; see
# treadle::haproxy::endpoint for the keys of one endpoint.
#
# @param endpoints Of every section its settings
# @param maxconn Connections at the same time, of the whole process
# @param default_maxconn Connections at the same time, of one section
# @param timeouts Time limits by HAProxy's names
# @param hard_stop_after How long a worker with an old configuration may go on for the connections that it has
# @param server_name How this node's servers are called
# @param log Where to log to, in HAProxy's words
# @param stats Whether the statistics page is served
# @param stats_ips Addresses of the statistics page
# @param stats_port Port of the statistics page
# @param stats_user Name for the statistics page
# @param stats_password Password for the statistics page
# @param step Step of the deployment
class treadle::profile::base::haproxy (
  String[1] $stats_password,
  Hash[String[1], Hash] $endpoints = lookup('treadle::haproxy::endpoints', {
    'merge' => 'deep', 'default_value' => {},
  }),
  Integer[1] $maxconn              = 8192,
  Integer[1] $default_maxconn      = 4096,
  Hash[String[1], String[1]] $timeouts = {},
  String[1] $hard_stop_after       = '90m',
  String[1] $server_name           = lookup('fqdn_ctlplane').split('\.')[0],
  String[1] $log                   = 'stdout format raw local0',
  Boolean $stats                   = true,
  Array[String[1]] $stats_ips      = [lookup('controller_virtual_ip')],
  Stdlib::Port $stats_port         = 1993,
  String[1] $stats_user            = 'admin',
  Integer $step                    = Integer(lookup('step')),
) {
  $limits = {
    'http-request' => '10s', 'queue' => '2m', 'connect' => '10s', 'client' => '2m', 'server' => '2m', 'check' => '10s',
  } + $timeouts

  if $step >= 1 {
    class { 'haproxy':
      service_manage   => false,
      merge_options    => false,
      global_options   => {
        'log'             => $log,
        'maxconn'         => $maxconn,
        'user'            => 'haproxy',
        'group'           => 'haproxy',
        'pidfile'         => '/var/run/haproxy.pid',
        'hard-stop-after' => $hard_stop_after,
        'stats'           => ['socket /var/lib/haproxy/stats mode 600 level user', 'timeout 2m'],
      },
      defaults_options => {
        'mode'    => 'tcp',
        'log'     => 'global',
        'retries' => 3,
        'maxconn' => $default_maxconn,
        'timeout' => $limits.map |$name, $value| { "${name} ${value}" },
      },
    }

    if $stats {
      haproxy::listen { 'haproxy.stats':
        bind             => Hash(unique($stats_ips).map |$ip| { [treadle::socket($ip, $stats_port), ['transparent']] }),
        collect_exported => false,
        mode             => 'http',
        options          => { 'stats' => ['enable', 'uri /', "auth ${stats_user}:${stats_password}"] },
      }
    }

    # What haproxy_control calls this node in every section.
    ensure_resource('file', ['/etc/treadle', '/etc/treadle/haproxy'], { 'ensure' => 'directory', 'mode' => '0755' })
    file { '/etc/treadle/haproxy/server':
      ensure  => file,
      mode    => '0644',
      content => "${server_name}\n",
    }

    $endpoints.each |$name, $endpoint| {
      treadle::haproxy::endpoint { $name: * => $endpoint }
    }

    treadle::healthcheck { 'haproxy':
      command => $stats ? {
        true    => "exec 3<>/dev/tcp/${stats_ips[0]}/${stats_port}",
        default => 'exec pgrep -x haproxy',
      },
    }
  }
}
