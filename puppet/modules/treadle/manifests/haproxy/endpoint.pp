# One load-balanced endpoint: listens on the VIPs of its networks, passes on to all nodes of a service.
#
# @param service Name of the service, as in its service_name
# @param port Port on the VIPs, a number or its digits
# @param networks Networks on whose VIPs it listens, by name_lower
# @param backend_port Port on the nodes, where it is another one
# @param mode http or tcp
# @param check What to ask a node in mode http, with the method
# @param options Further `option` lines
# @param timeouts Time limits of this endpoint by HAProxy's names
# @param balance How a node is chosen
# @param member_options What stands behind each `server`
define treadle::haproxy::endpoint (
  String[1] $service,
  Variant[Stdlib::Port, Pattern[/^\d+$/]] $port,
  Array[String[1], 1] $networks        = ['ctlplane'],
  Variant[Stdlib::Port, Pattern[/^\d+$/]] $backend_port = $port,
  Enum['http', 'tcp'] $mode            = 'http',
  String[1] $check                     = 'GET /',
  Array[String[1]] $options            = [],
  Hash[String[1], String[1]] $timeouts = {},
  String[1] $balance                   = 'roundrobin',
  String[1] $member_options            = 'check inter 2s downinter 500ms rise 1 fall 5',
) {
  $key = regsubst($service, '-', '_', 'G')
  $vips = unique($networks.map |$network| { lookup("${network}_virtual_ip") })
  $of_mode = $mode ? {
    'http'  => {
      'option'       => ["httpchk ${check}", 'httplog', 'forwardfor'] + $options,
      'http-request' => [
        'set-header X-Forwarded-Proto https if { ssl_fc }',
        'set-header X-Forwarded-Proto http if !{ ssl_fc }',
      ],
    },
    default => { 'option' => ['tcpka', 'tcplog'] + $options },
  }
  $limits = $timeouts ? {
    {}      => {},
    default => { 'timeout' => $timeouts.map |$name, $value| { "${name} ${value}" } },
  }

  haproxy::listen { $title:
    bind             => Hash($vips.map |$ip| { [treadle::socket($ip, Integer($port)), ['transparent']] }),
    collect_exported => false,
    mode             => $mode,
    options          => { 'balance' => $balance } + $of_mode + $limits,
  }

  haproxy::balancermember { $title:
    listening_service => $title,
    ports             => String($backend_port),
    ipaddresses       => lookup("${key}_node_ips").map |$ip| { treadle::bracketed($ip) },
    server_names      => lookup("${key}_short_node_names"),
    options           => $member_options,
  }
}
