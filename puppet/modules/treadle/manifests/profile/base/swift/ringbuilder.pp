# What Swift's rings are to be: read by the one-shot that builds them.
#
# @param own Address of this node in the network of the storage nodes
# @param part_power The rings have two to this power of partitions
# @param replicas How many copies there are of everything, as far as there are as many devices
# @param min_part_hours Hours before a partition may move again
# @param devices Folders in /srv/node of every storage node
# @param weights What a device is to have beside others, if not 100, by ADDRESS or ADDRESS/DEVICE; 0 empties it
# @param nodes Addresses of the storage nodes; the first one builds, the others take the rings from it
# @param ports Ports of the servers
class treadle::profile::base::swift::ringbuilder (
  String[1] $own,
  Integer[1, 32] $part_power        = 10,
  Integer[1] $replicas              = 3,
  Integer[0] $min_part_hours        = 1,
  Array[String[1], 1] $devices      = ['d1'],
  Hash[String[1], Numeric] $weights = {},
  Array[String[1], 1] $nodes        = lookup('swift_storage_node_ips'),
  Hash[String[1], Stdlib::Port, 1] $ports = { 'account' => 6202, 'container' => 6201, 'object' => 6200 },
) {
  file {
    default:
      owner => 'root',
      group => 'root';
    '/etc/swift/init':
      ensure => directory,
      mode   => '0755';
    '/etc/swift/init/rings.json':
      mode    => '0644',
      content => stdlib::to_json_pretty({
        'part_power'     => $part_power,
        'replicas'       => $replicas,
        'min_part_hours' => $min_part_hours,
        'devices'        => unique($devices),
        'nodes'          => $nodes,
        'own'            => $own,
        'weights'        => $weights,
        'ports'          => $ports,
      }),
  }
}
