# Nova's API under uWSGI, and what the one-shots read that prepare its databases and find compute hosts.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
class treadle::profile::base::nova::api (
  String[1] $bind_ip = lookup('nova::api::api_bind_address'),
  Stdlib::Port $port = lookup('nova::api::osapi_compute_listen_port', { 'default_value' => 8774 }),
) {
  include treadle::profile::base::nova::wsgi
  include treadle::profile::base::nova::init

  treadle::uwsgi_api { 'nova_api':
    module  => 'nova',
    bind_ip => $bind_ip,
    port    => $port,
    wsgi    => 'nova::wsgi::uwsgi_api',
    path    => '/',
  }
}
