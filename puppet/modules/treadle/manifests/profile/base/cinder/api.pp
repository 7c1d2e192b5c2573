# Cinder's API under uWSGI, and what the one-shot that prepares its database reads.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param memcached_ips Addresses of the memcached servers, empty where the cloud has none
# @param memcached_port Port of the memcached servers
class treadle::profile::base::cinder::api (
  String[1] $bind_ip              = lookup('cinder::api::bind_host'),
  Stdlib::Port $port              = lookup('cinder::api::osapi_volume_listen_port', { 'default_value' => 8776 }),
  Array[String[1]] $memcached_ips = lookup('memcached_node_ips', { 'default_value' => [] }),
  Stdlib::Port $memcached_port    = 11211,
) {
  include treadle::profile::base::cinder

  class { 'cinder::keystone::authtoken':
    memcached_servers => $memcached_ips ? {
      []      => undef,
      default => $memcached_ips.map |$ip| { treadle::socket($ip, $memcached_port) },
    },
  }
  include cinder::api
  include cinder::wsgi::uwsgi
  $api = treadle::socket($bind_ip, $port)
  cinder_api_uwsgi_config { 'uwsgi/http-socket': value => $api }

  # Apart from the rest, so that the one-shot is run again only when this changes.
  file {
    default:
      owner     => 'root',
      group     => 'cinder',
      show_diff => false;
    '/etc/cinder/init':
      ensure => directory,
      mode   => '0750';
    '/etc/cinder/init/cinder.conf':
      mode    => '0640',
      content => "[database]\nconnection = ${lookup('cinder::db::database_connection')}\n";
  }

  treadle::healthcheck { 'cinder_api':
    command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${api}/healthcheck",
  }
}
