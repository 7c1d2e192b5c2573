# Neutron's L3 agent.
class treadle::profile::base::neutron::l3 {
  include treadle::profile::base::neutron
  include neutron::agents::l3

  treadle::healthcheck { 'neutron_l3_agent':
    command => "exec healthcheck_port neutron-l3-agent ${treadle::messaging::port}",
  }
}
