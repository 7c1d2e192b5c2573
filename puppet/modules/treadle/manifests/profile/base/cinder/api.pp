# Cinder's API under uWSGI, and what the one-shot that prepares its database reads.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
class treadle::profile::base::cinder::api (
  String[1] $bind_ip = lookup('cinder::api::bind_host'),
  Stdlib::Port $port = lookup('cinder::api::osapi_volume_listen_port', { 'default_value' => 8776 }),
) {
  include treadle::profile::base::cinder
  treadle::authtoken('cinder::keystone::authtoken')
  include cinder::api

  treadle::uwsgi_api { 'cinder_api':
    module  => 'cinder',
    bind_ip => $bind_ip,
    port    => $port,
  }
  treadle::init_database { 'cinder':
    connection => lookup('cinder::db::database_connection'),
  }
}
