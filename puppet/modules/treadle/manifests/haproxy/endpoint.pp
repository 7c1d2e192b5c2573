# One load-balanced endpoint: listens on the VIPs of its networks, passes on to all nodes of a service.
#
# Where its protocol is https, HAProxy ends TLS with the cloud's certificate, and tells the service so in the header
# X-Forwarded-Proto. Services that do not know it redirect to http; that is put right on the way back.
#
# @param service Name of the service, as in its service_name. Servers that belong to none are given by ip_addresses
# @param port Port on the VIPs, a number or its digits
# @param networks Networks on whose VIPs it listens, by name_lower
# @param protocol http or https, of what it listens on there
# @param public Where it listens for users: network, port and protocol
# @param https_only Whether who comes by http is sent to the public endpoint, and told to come by https from then on
# @param backend_port Port on the nodes, where it is another one
# @param backend_tls Whether the nodes speak TLS there, with a certificate that has their names
# @param mode http or tcp
# @param check What to ask a node in mode http, with the method
# @param options Further `option` lines
# @param repeatable Paths to which a POST too may be sent a second time
# @param tcp_checks What is said to a node and expected of it in mode tcp, line by line
# @param timeouts Time limits of this endpoint by HAProxy's names
# @param balance How a node is chosen
# @param sticky Whether the node that was chosen for an address of ours is kept as long as it is up, for all clients
# @param member_options What stands behind each `server`
# @param ip_addresses Addresses of the servers
# @param server_names Names of the servers, in the order of ip_addresses
define treadle::haproxy::endpoint (
  Variant[Stdlib::Port, Pattern[/^\d+$/]] $port,
  String[1] $service                   = $title,
  Array[String[1], 1] $networks        = ['ctlplane'],
  Enum['http', 'https'] $protocol      = 'http',
  Optional[Struct[{
    network  => String[1],
    port     => Variant[Stdlib::Port, Pattern[/^\d+$/]],
    protocol => Enum['http', 'https'],
  }]] $public                          = undef,
  Boolean $https_only                  = false,
  Variant[Stdlib::Port, Pattern[/^\d+$/]] $backend_port = $port,
  Boolean $backend_tls                 = false,
  Enum['http', 'tcp'] $mode            = 'http',
  String[1] $check                     = 'GET /',
  Array[String[1]] $options            = [],
  Array[String[1]] $repeatable         = [],
  Array[String[1]] $tcp_checks         = [],
  Hash[String[1], String[1]] $timeouts = {},
  String[1] $balance                   = 'roundrobin',
  Boolean $sticky                      = false,
  String[1] $member_options            = 'check inter 2s downinter 500ms rise 1 fall 5',
  Array[String[1], 1] $ip_addresses    = lookup("${regsubst($service, '-', '_', 'G')}_node_ips"),
  Array[String[1], 1] $server_names    = lookup("${regsubst($service, '-', '_', 'G')}_short_node_names", {
    'default_value' => $ip_addresses,
  }),
) {
  $internal = treadle::haproxy::binds($networks, Integer($port), $protocol, 'internal')
  $outer = $public ? {
    undef   => {},
    default => treadle::haproxy::binds([$public['network']], Integer($public['port']), $public['protocol'], 'public'),
  }
  $public.then |$given| {
    $both = intersection(keys($internal), keys($outer))
    if $given['protocol'] != $protocol and !empty($both) {
      fail("${title} is to speak http and https on ${both[0]}: give one of its endpoints another port in EndpointMap")
    }
  }
  $tls = $protocol == 'https' or $public.then |$given| { $given['protocol'] == 'https' }
  $location = $tls ? {
    true    => ['replace-header Location ^http://(.*)$ https://\\1 if { ssl_fc }'],
    default => [],
  }
  $redirect = $https_only ? {
    true    => {
      'http-request'  => [Integer($public['port']) ? {
        443     => 'redirect scheme https code 301 if !{ ssl_fc }',
        default => "redirect prefix https://%[req.hdr(host),regsub(:[0-9]+$,)]:${public['port']} code 301 if !{ ssl_fc }",
      }],
      'http-response' => ['set-header Strict-Transport-Security max-age=31536000 if { ssl_fc }'],
    },
    default => { 'http-request' => [], 'http-response' => [] },
  }
  $responses = $location + $redirect['http-response']
  # A node that ends may have taken a connection on which it answers nothing any more. What may be done twice is then
  # sent to another one, if HAProxy has all of it: it has to wait for a body before.
  $again = empty($repeatable) ? {
    true    => ['disable-l7-retry if !{ method GET HEAD OPTIONS }'],
    default => [
      "wait-for-body time 10s if { method POST } { path ${repeatable.join(' ')} }",
      "disable-l7-retry if !{ method GET HEAD OPTIONS } !{ path ${repeatable.join(' ')} }",
    ],
  }
  $of_mode = $mode ? {
    'http'  => {
      # A client that keeps its connection is told to make a new one with its next answer, when a worker is to end.
      'option'       => [
        "httpchk ${check}", 'httplog', 'forwardfor', 'redispatch', 'idle-close-on-response',
      ] + $options,
      'http-request' => [
        'set-header X-Forwarded-Proto https if { ssl_fc }',
        'set-header X-Forwarded-Proto http if !{ ssl_fc }',
      ] + $again + $redirect['http-request'],
      'retry-on'     => 'conn-failure empty-response',
    } + ($responses ? { [] => {}, default => { 'http-response' => $responses } }),
    default => $tcp_checks ? {
      []      => { 'option' => ['tcpka', 'tcplog'] + $options },
      default => { 'option' => ['tcpka', 'tcplog', 'tcp-check'] + $options, 'tcp-check' => $tcp_checks },
    },
  }
  $limits = empty($timeouts) ? {
    true    => {},
    default => { 'timeout' => $timeouts.map |$name, $value| { "${name} ${value}" } },
  }

  $kept = $sticky ? {
    true    => { 'stick-table' => 'type ipv6 size 100', 'stick' => 'on dst' },
    default => {},
  }

  haproxy::listen { $title:
    bind             => $internal + $outer,
    collect_exported => false,
    mode             => $mode,
    options          => { 'balance' => $balance } + $of_mode + $limits + $kept,
  }

  if $backend_tls {
    $without = $server_names - lookup('tls_proxy_short_node_names', { 'default_value' => [] })
    unless empty($without) {
      fail(join([
        "EnableInternalTLS is set, and ${without[0]} has ${service} without OS::TripleO::Services::TLSProxy:",
        'add -e environments/ssl/enable-internal-tls.yaml, and the service to a role with a list of its own',
      ], ' '))
    }
  }
  $encryption = $backend_tls ? {
    true    => ["ssl verify required ca-file ${treadle::profile::base::haproxy::backend_ca_file}"],
    default => [],
  }

  haproxy::balancermember { $title:
    listening_service => $title,
    ports             => String($backend_port),
    ipaddresses       => $ip_addresses.map |$ip| { treadle::bracketed($ip) },
    server_names      => $server_names,
    options           => $encryption + [$member_options],
    verifyhost        => $backend_tls,
  }
}
