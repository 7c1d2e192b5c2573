# The oslo.messaging transport URL of a RabbitMQ cluster.
#
# @param hosts Addresses or names of the brokers
# @param user Name to log in with
# @param password Password, letters and digits
# @param port AMQP port of every broker
# @return such as rabbit://guest:secret@192.0.2.1:5672,guest:secret@192.0.2.2:5672/
function treadle::transport_url(Array[String[1], 1] $hosts, String[1] $user, String[1] $password,
Stdlib::Port $port) >> String[1] {
  $brokers = $hosts.map |$host| { "${user}:${password}@${treadle::bracketed($host)}:${port}" }
  "rabbit://${join($brokers, ',')}/"
}
