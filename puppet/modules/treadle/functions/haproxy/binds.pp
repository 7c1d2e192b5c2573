# What an endpoint listens on: `{socket => options}` for the VIPs of its networks.
#
# @param networks Networks, by name_lower
# @param port Port on their VIPs
# @param protocol http or https
# @param side public or internal: whose certificate it is
function treadle::haproxy::binds(Array[String[1]] $networks, Stdlib::Port $port, Enum['http', 'https'] $protocol,
Enum['public', 'internal'] $side) >> Hash[String[1], Array[String[1]]] {
  $options = $protocol ? {
    'http'  => ['transparent'],
    default => ['transparent', 'ssl', "crt ${treadle::haproxy::certificate($side)}"],
  }
  Hash(unique($networks.map |$network| { lookup("${network}_virtual_ip") }).map |$ip| {
    [treadle::socket($ip, $port), $options]
  })
}
