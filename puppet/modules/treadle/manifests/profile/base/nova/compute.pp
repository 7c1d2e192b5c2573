# Nova's compute service.
#
# What class nova sets for all services, but only this one reads, is set here: the others' file stays as it is.
#
# @param driver What runs servers, by Nova's name
# @param cpus Processors of the node that servers may use, in Nova's words; empty for all
# @param cpu_allocation_ratio Virtual processors for each of the node, 0 for Nova's own
# @param ram_allocation_ratio Memory of servers for each MB of the node, 0 for Nova's own
# @param disk_allocation_ratio Disk of servers for each GB of the node, 0 for Nova's own
class treadle::profile::base::nova::compute (
  String[1] $driver              = 'fake.FakeDriverWithoutFakeNodes',
  Variant[String, Array[String]] $cpus = [],
  Numeric $cpu_allocation_ratio  = 0,
  Numeric $ram_allocation_ratio  = 0,
  Numeric $disk_allocation_ratio = 0,
) {
  include treadle::profile::base::nova
  $set = join(any2array($cpus).filter |$part| { $part != '' }, ',')
  class { 'nova::compute':
    cpu_shared_set => $set ? {
      ''      => $facts['os_service_default'],
      default => $set,
    },
  }

  $ratios = { 'cpu' => $cpu_allocation_ratio, 'ram' => $ram_allocation_ratio, 'disk' => $disk_allocation_ratio }
  $ratios.each |$what, $ratio| {
    if $ratio > 0 {
      Nova_config <| title == "DEFAULT/${what}_allocation_ratio" |> {
        value => $ratio,
      }
    }
  }

  if $driver == 'libvirt.LibvirtDriver' {
    include nova::compute::libvirt
  } else {
    nova_config { 'DEFAULT/compute_driver': value => $driver }
  }

  # Where keys of encrypted volumes are.
  if lookup('barbican_api_enabled', { 'default_value' => false }) {
    include nova::key_manager
    include nova::key_manager::barbican
  }

  treadle::healthcheck { 'nova_compute':
    command => "exec healthcheck_port nova-compute ${treadle::messaging::port}",
  }
}
