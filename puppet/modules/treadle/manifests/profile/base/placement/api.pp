# Placement's API under uWSGI, and what the one-shot that prepares its database reads.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
class treadle::profile::base::placement::api (
  String[1] $bind_ip,
  Stdlib::Port $port = 8778,
) {
  include placement
  include placement::db
  include placement::logging
  treadle::authtoken('placement::keystone::authtoken')
  include placement::api

  treadle::uwsgi_api { 'placement_api':
    module  => 'placement',
    bind_ip => $bind_ip,
    port    => $port,
    path    => '/',
  }
  $connection = lookup('placement::db::database_connection')
  treadle::init_database { 'placement':
    connection => $connection,
    # Its own name for that section
    more       => ['[placement_database]', "connection = ${connection}"],
  }
}
