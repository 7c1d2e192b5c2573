# Redis, with the puppet module's own parameters from hiera. Of several nodes the first one is written to, and the others
# follow it.
#
# @param bind_ip Address to listen on
# @param port Port to listen on
# @param ips Addresses of all nodes
# @param step Step of the deployment
class treadle::profile::base::database::redis (
  String[1] $bind_ip          = lookup('redis::bind'),
  Stdlib::Port $port          = lookup('redis::port', { 'default_value' => 6379 }),
  Array[String[1], 1] $ips    = lookup('redis_node_ips'),
  Integer $step               = Integer(lookup('step')),
) {
  if $step >= 1 {
    class { 'redis':
      replicaof => $bind_ip ? {
        $ips[0] => undef,
        default => "${ips[0]} ${port}",
      },
    }

    # The password goes from the file into the connection: it stands in no list of processes.
    treadle::healthcheck { 'redis':
      command => join([
        "exec 3<>/dev/tcp/${bind_ip}/${port}",
        'sed -n -e "s/^requirepass \(.*\)/AUTH \1\r/p" -e "\$s/.*/PING\r/p" /etc/redis/redis.conf >&3',
        'read -r -t 4 allowed <&3 && read -r -t 4 answer <&3 && [ "${allowed%?}${answer%?}" = +OK+PONG ]',
      ], "\n"),
    }
  }
}
