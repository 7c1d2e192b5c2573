# Neutron's API under uWSGI, the RPC server and the periodic workers beside it, and what the one-shot that prepares
# their database reads.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param nova Whether the cloud has Nova, which wants to know of changed ports
# @param placement Whether the cloud has Placement
class treadle::profile::base::neutron::api (
  String[1] $bind_ip = lookup('neutron::bind_host'),
  Stdlib::Port $port = lookup('neutron::bind_port', { 'default_value' => 9696 }),
  Boolean $nova      = lookup('nova_api_enabled', { 'default_value' => false }),
  Boolean $placement = lookup('placement_enabled', { 'default_value' => false }),
) {
  include treadle::profile::base::neutron
  treadle::authtoken('neutron::keystone::authtoken')
  include neutron::server
  include neutron::quota

  if $nova {
    include neutron::server::notifications
    include neutron::server::notifications::nova
  } else {
    neutron_config {
      'DEFAULT/notify_nova_on_port_status_changes': value => false;
      'DEFAULT/notify_nova_on_port_data_changes':   value => false;
    }
  }
  if $placement {
    include neutron::server::placement
  }

  treadle::uwsgi_api { 'neutron_api':
    module  => 'neutron',
    bind_ip => $bind_ip,
    port    => $port,
  }
  # Nova is told of ports by a thread, which would run only while a request is worked on.
  neutron_api_uwsgi_config { 'uwsgi/enable-threads': value => true }
  treadle::init_database { 'neutron':
    connection => lookup('neutron::db::database_connection'),
  }

  treadle::healthcheck {
    'neutron_rpc_server':
      command => "exec healthcheck_port neutron-rpc-server ${treadle::messaging::port}";
    'neutron_periodic_workers':
      command => "exec healthcheck_port neutron-periodic-workers ${treadle::messaging::port}";
  }
}
