# The memcached servers of the cloud.
#
# @param port Their port
# @param ips Their addresses, empty where the cloud has none
class treadle::cache (
  Stdlib::Port $port    = 11211,
  Array[String[1]] $ips = lookup('memcached_node_ips', { 'default_value' => [] }),
) {
  $servers = $ips ? {
    []      => undef,
    default => $ips.map |$ip| { treadle::socket($ip, $port) },
  }
}
