# RabbitMQ: the broker, its Erlang distribution and epmd, all on one address only.
#
# Names of nodes are resolved by Erlang's own inetrc file, so that a broker starts whatever /etc/hosts says.
#
# @param bind_ip Address that AMQP, Erlang distribution and epmd listen on
# @param port AMQP port
# @param dist_port Port of the Erlang distribution
# @param epmd_port Port of epmd; two brokers with different epmd ports can share a machine
# @param erlang_cookie Secret that the nodes of a cluster share
# @param node_ips Addresses of all brokers
# @param node_names Short names of all brokers, in the order of node_ips
# @param environment Further variables of rabbitmq-env.conf
# @param kernel_variables Further settings of Erlang's kernel application
# @param variables Further settings of the broker
# @param plugins Plugins to enable
# @param certificate Certificate of this node, in PEM; empty where connections are without TLS
# @param key Its key, in PEM
# @param step Step of the deployment
class treadle::profile::base::rabbitmq (
  String[1] $erlang_cookie,
  String[1] $bind_ip                    = lookup('rabbitmq::node_ip_address'),
  Stdlib::Port $port                    = lookup('rabbitmq::port', { 'default_value' => 5672 }),
  Stdlib::Port $dist_port               = 25672,
  Stdlib::Port $epmd_port               = 4369,
  Array[String[1], 1] $node_ips         = lookup('rabbitmq_node_ips'),
  Array[String[1], 1] $node_names       = lookup('rabbitmq_short_node_names'),
  Hash[String[1], Data] $environment    = {},
  Hash[String[1], Data] $kernel_variables = {},
  Hash[String[1], Data] $variables      = lookup('rabbitmq::config_variables', { 'default_value' => {} }),
  Array[String[1]] $plugins             = [],
  Array[String[1]] $certificate         = [],
  Array[String[1]] $key                 = [],
  Integer $step                         = Integer(lookup('step')),
) {
  $own = $node_ips.index |$ip| { $ip == $bind_ip }
  if $own == undef {
    fail("RabbitMQ listens on ${bind_ip}, which is none of rabbitmq_node_ips (${join($node_ips, ', ')})")
  }
  $interface = $bind_ip ? {
    /:/     => undef,
    default => "{${regsubst($bind_ip, '\.', ',', 'G')}}",
  }
  $inetrc_hosts = zip($node_ips, $node_names)
  # A broker without data joins the others, one with data those that it knows. The smaller part of a cluster that was cut
  # in two stops until it is whole again.
  $brokers = $node_names.map |$name| { "'rabbit@${name}'" }
  $cluster = length($brokers) ? {
    1       => {},
    default => {
      'cluster_nodes'              => "{[${join($brokers, ', ')}], disc}",
      'cluster_partition_handling' => length($brokers) ? {
        2       => 'autoheal',
        default => 'pause_minority',
      },
    },
  }

  if $step >= 1 {
    class { 'rabbitmq':
      config_cluster          => false,
      inetrc_config           => 'treadle/rabbitmq-inetrc.erb',
      environment_variables   => {
        'NODENAME'                => "rabbit@${node_names[$own]}",
        'export ERL_EPMD_ADDRESS' => $bind_ip,
        'export ERL_EPMD_PORT'    => $epmd_port,
        'DIST_PORT'               => $dist_port,
        'CTL_ERL_ARGS'            => $interface.then |$at| { "\"-kernel inet_dist_use_interface ${at}\"" },
        'SERVER_ADDITIONAL_ERL_ARGS' => $interface.then |$at| { "\"-kernel inet_dist_use_interface ${at}\"" },
      } + $environment,
      config_variables        => $cluster + $variables,
      config_kernel_variables => {
        'inet_dist_listen_min' => $dist_port,
        'inet_dist_listen_max' => $dist_port,
      } + $kernel_variables,
    }

    file {
      default:
        owner  => 'rabbitmq',
        group  => 'rabbitmq',
        before => Class['rabbitmq::service'];
      '/etc/rabbitmq/enabled_plugins':
        mode    => '0644',
        content => "[${join($plugins, ',')}].\n";
      # The broker reads the cookie in its home directory; kolla puts this copy there.
      '/etc/rabbitmq/erlang.cookie':
        mode      => '0400',
        content   => $erlang_cookie,
        show_diff => false;
      # A new password for the user that the broker made at its first start: rabbitmq_password.sh sets it.
      '/etc/rabbitmq/password':
        mode      => '0400',
        content   => "${lookup('rabbitmq::default_user')}\n${lookup('rabbitmq::default_pass')}\n",
        show_diff => false;
    }

    unless empty($certificate) {
      treadle::pem {
        default:
          owner => 'rabbitmq',
          group => 'rabbitmq';
        lookup('rabbitmq::ssl_cert'):
          parts => $certificate,
          mode  => '0444';
        lookup('rabbitmq::ssl_key'):
          parts => $key;
      }
    }

    treadle::healthcheck { 'rabbitmq':
      command => "exec 3<>/dev/tcp/${bind_ip}/${port}",
    }
  }
}
