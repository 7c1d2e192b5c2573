# What all services of Cinder read, with the puppet module's own parameters from hiera.
#
# @param rabbit_password Password for RabbitMQ
# @param bind_ip Address of this node that Cinder tells others
# @param rabbit_user Name to log in to RabbitMQ with
# @param rabbit_port Port of RabbitMQ
# @param rabbit_hosts Addresses of the brokers
class treadle::profile::base::cinder (
  String[1] $rabbit_password,
  String[1] $bind_ip               = lookup('cinder::api::bind_host'),
  String[1] $rabbit_user           = 'guest',
  Stdlib::Port $rabbit_port        = 5672,
  Array[String[1], 1] $rabbit_hosts = lookup('rabbitmq_node_ips'),
) {
  class { 'cinder':
    default_transport_url => treadle::transport_url($rabbit_hosts, $rabbit_user, $rabbit_password, $rabbit_port),
  }
  include cinder::logging
  cinder_config { 'DEFAULT/my_ip': value => $bind_ip }
}
