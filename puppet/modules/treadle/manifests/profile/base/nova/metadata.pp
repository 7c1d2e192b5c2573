# Nova's metadata API under uWSGI.
#
# @param bind_ip Address that it listens on
# @param port Port that it listens on
class treadle::profile::base::nova::metadata (
  String[1] $bind_ip = lookup('nova::api::metadata_listen'),
  Stdlib::Port $port = lookup('nova::api::metadata_listen_port', { 'default_value' => 8775 }),
) {
  include treadle::profile::base::nova::wsgi

  treadle::uwsgi_api { 'nova_metadata':
    module  => 'nova',
    bind_ip => $bind_ip,
    port    => $port,
    wsgi    => 'nova::wsgi::uwsgi_api_metadata',
    config  => 'nova_api_metadata_uwsgi_config',
  }
}
