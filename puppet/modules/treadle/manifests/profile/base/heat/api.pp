# Heat's API under uWSGI.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
class treadle::profile::base::heat::api (
  String[1] $bind_ip = lookup('heat::api::bind_host'),
  Stdlib::Port $port = lookup('heat::api::bind_port', { 'default_value' => 8004 }),
) {
  include treadle::profile::base::heat
  include heat::api
  include heat::cors

  treadle::uwsgi_api { 'heat_api':
    module  => 'heat',
    bind_ip => $bind_ip,
    port    => $port,
    wsgi    => 'heat::wsgi::uwsgi_api',
  }
}
