# One load-balanced endpoint: listens on the VIPs of its networks, passes on to all nodes of a service.
#
# @param service Name of the service, as in its service_name. Servers that belong to none are given by ip_addresses
# @param port Port on the VIPs, a number or its digits
# @param networks Networks on whose VIPs it listens, by name_lower
# @param backend_port Port on the nodes, where it is another one
# @param mode http or tcp
# @param check What to ask a node in mode http, with the method
# @param options Further `option` lines
# @param timeouts Time limits of this endpoint by HAProxy's names
# @param balance How a node is chosen
# @param member_options What stands behind each `server`
# @param ip_addresses Addresses of the servers
# @param server_names Names of the servers, in the order of ip_addresses
define treadle::haproxy::endpoint (
  Variant[Stdlib::Port, Pattern[/^\d+$/]] $port,
  String[1] $service                   = $title,
  Array[String[1], 1] $networks        = ['ctlplane'],
  Variant[Stdlib::Port, Pattern[/^\d+$/]] $backend_port = $port,
  Enum['http', 'tcp'] $mode            = 'http',
  String[1] $check                     = 'GET /',
  Array[String[1]] $options            = [],
  Hash[String[1], String[1]] $timeouts = {},
  String[1] $balance                   = 'roundrobin',
  String[1] $member_options            = 'check inter 2s downinter 500ms rise 1 fall 5',
  Array[String[1], 1] $ip_addresses    = lookup("${regsubst($service, '-', '_', 'G')}_node_ips"),
  Array[String[1], 1] $server_names    = lookup("${regsubst($service, '-', '_', 'G')}_short_node_names", {
    'default_value' => $ip_addresses,
  }),
) {
  $vips = unique($networks.map |$network| { lookup("${network}_virtual_ip") })
  $of_mode = $mode ? {
    'http'  => {
      # A client that keeps its connection is told to make a new one with its next answer, when a worker is to end.
      'option'       => [
        "httpchk ${check}", 'httplog', 'forwardfor', 'redispatch', 'idle-close-on-response',
      ] + $options,
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
    ipaddresses       => $ip_addresses.map |$ip| { treadle::bracketed($ip) },
    server_names      => $server_names,
    options           => $member_options,
  }
}
