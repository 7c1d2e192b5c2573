# The message queue of the cloud, for the services' `default_transport_url`.
#
# @param password Password for RabbitMQ
# @param user Name to log in with
# @param port AMQP port
# @param hosts Addresses of the brokers
class treadle::messaging (
  String[1] $password,
  String[1] $user            = 'guest',
  Stdlib::Port $port         = 5672,
  Array[String[1], 1] $hosts = lookup('rabbitmq_node_ips'),
) {
  $url = treadle::transport_url($hosts, $user, $password, $port)
}
