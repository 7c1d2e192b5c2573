# Neutron's DHCP agent.
class treadle::profile::base::neutron::dhcp {
  include treadle::profile::base::neutron
  include neutron::agents::dhcp

  treadle::healthcheck { 'neutron_dhcp':
    command => "exec healthcheck_port neutron-dhcp-agent ${treadle::messaging::port}",
  }
}
