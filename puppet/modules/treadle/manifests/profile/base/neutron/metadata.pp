# Neutron's metadata agent.
class treadle::profile::base::neutron::metadata {
  include treadle::profile::base::neutron
  include neutron::agents::metadata

  treadle::healthcheck { 'neutron_metadata_agent':
    command => "exec healthcheck_port neutron-metadata-agent ${treadle::messaging::port}",
  }
}
