# What all services of Neutron read, with the puppet module's own parameters from hiera.
#
# @param dhcp_agents_per_network How many DHCP agents serve one network, 0 for all
# @param dhcp_agents Names of the nodes with a DHCP agent
class treadle::profile::base::neutron (
  Integer[0] $dhcp_agents_per_network = 0,
  Array[String[1]] $dhcp_agents       = lookup('neutron_dhcp_short_node_names', { 'default_value' => [] }),
) {
  $agents = $dhcp_agents_per_network ? {
    0       => max(1, length($dhcp_agents)),
    default => $dhcp_agents_per_network,
  }

  include treadle::messaging
  class { 'neutron':
    default_transport_url   => $treadle::messaging::url,
    dhcp_agents_per_network => $agents,
  }
  include neutron::logging
}
