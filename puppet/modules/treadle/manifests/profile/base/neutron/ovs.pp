# Neutron's Open vSwitch agent, and what the one-shot that makes the bridges reads.
#
# @param bridge_mappings Bridges of physical networks, as PHYSICAL_NETWORK:BRIDGE
# @param datapath_type system or netdev
class treadle::profile::base::neutron::ovs (
  Array[String] $bridge_mappings = lookup('neutron::agents::ml2::ovs::bridge_mappings'),
  String[1] $datapath_type       = lookup('neutron::agents::ml2::ovs::datapath_type'),
) {
  include treadle::profile::base::neutron
  include neutron::agents::ml2::ovs

  $bridges = $bridge_mappings.filter |$mapping| { $mapping =~ /./ }.map |$mapping| {
    "${mapping.split(':')[1]} ${datapath_type}\n"
  }
  file {
    '/etc/neutron/init':
      ensure => directory,
      mode   => '0755';
    '/etc/neutron/init/bridges':
      content => join(unique($bridges), '');
  }

  treadle::healthcheck { 'neutron_ovs_agent':
    command => "exec healthcheck_port neutron-openvswitch-agent ${treadle::messaging::port}",
  }
}
