# memcached, with the puppet module's own parameters from hiera.
#
# @param bind_ip Address to listen on
# @param port Port to listen on
# @param step Step of the deployment
class treadle::profile::base::memcached (
  String[1] $bind_ip = lookup('memcached::listen'),
  Stdlib::Port $port = lookup('memcached::tcp_port', { 'default_value' => 11211 }),
  Integer $step      = Integer(lookup('step')),
) {
  if $step >= 1 {
    include memcached

    treadle::healthcheck { 'memcached':
      command => "exec 3<>/dev/tcp/${bind_ip}/${port} && printf 'version\\r\\nquit\\r\\n' >&3 && grep -q VERSION <&3",
    }
  }
}
