# MariaDB's configuration, and the databases of all services of the cloud.
#
# @param bind_ip Address to listen on
# @param port Port to listen on
# @param root_password Password of root; set each time the server starts, so that a new one takes effect
# @param max_connections Clients at the same time
# @param innodb_buffer_pool_size Memory for data and indexes
# @param options Further options by section, over all others
# @param databases Classes that make a database each, such as keystone::db::mysql. Where the database's image does not
#   have one's module, treadle::database makes the same
# @param certificate Certificate of this node, in PEM; empty where connections are without TLS, others take none then
# @param key Its key, in PEM
# @param cas CAs that the certificate may be signed by, in PEM
# @param galera Whether the nodes with MariaDB are one Galera cluster
# @param node_ips Addresses of all nodes with MariaDB
# @param node_name How this node is called in the cluster
# @param step Step of the deployment: 2 makes the databases, 6 the configuration
class treadle::profile::base::database::mysql (
  String[1] $root_password,
  String[1] $bind_ip              = lookup('mysql_bind_host'),
  Stdlib::Port $port              = 3306,
  Integer[1] $max_connections     = 4096,
  String[1] $innodb_buffer_pool_size = '128M',
  Hash[String[1], Hash] $options  = {},
  Array[String[1]] $databases     = lookup('treadle::mysql::databases', {
    'merge' => 'unique', 'default_value' => [],
  }),
  Array[String[1]] $certificate   = [],
  Array[String[1]] $key           = [],
  Array[String] $cas              = [],
  Boolean $galera                 = false,
  Array[String[1], 1] $node_ips   = lookup('mysql_node_ips'),
  String[1] $node_name            = lookup('fqdn_canonical').split('\.')[0],
  Integer $step                   = Integer(lookup('step')),
) {
  $folder = '/etc/mysql/tls'
  $tls = empty($certificate) ? {
    true    => { 'ssl' => false, 'ssl-disable' => true },
    # Through its socket the server is reached as before.
    default => {
      'ssl'                      => true,
      'ssl-disable'              => false,
      'ssl-ca'                   => undef,
      'ssl-cert'                 => "${folder}/server.crt",
      'ssl-key'                  => "${folder}/server.key",
      'require_secure_transport' => 'ON',
    },
  }
  $authorities = $cas.filter |$ca| { $ca != '' }
  $client = (empty($certificate) or empty($authorities)) ? {
    true    => '',
    default => "ssl-ca=/root/ca.crt\n",
  }
  if !$galera and length($node_ips) > 1 {
    fail("MariaDB on ${length($node_ips)} nodes needs EnableGalera (environments/ha.yaml)")
  }
  # A node that finds none of the others ends. Whether one begins a cluster is not said here: see mysql-galera.py.
  $cluster = $galera ? {
    false   => {},
    default => {
      'wsrep_on'                 => 'ON',
      'wsrep_provider'           => '/usr/lib/galera/libgalera_smm.so',
      'wsrep_cluster_name'       => 'galera_cluster',
      'wsrep_cluster_address'    => "gcomm://${join($node_ips.map |$ip| { treadle::bracketed($ip) }, ',')}",
      'wsrep_node_address'       => treadle::bracketed($bind_ip),
      'wsrep_node_name'          => $node_name,
      'wsrep_provider_options'   => "gmcast.listen_addr=tcp://${treadle::socket($bind_ip, 4567)}",
      'wsrep_sst_method'         => 'rsync',
      'binlog_format'            => 'ROW',
      'default_storage_engine'   => 'InnoDB',
      'innodb_autoinc_lock_mode' => 2,
    },
  }
  $defaults = {
    'mysqld'      => {
      'bind-address'          => $bind_ip,
      'port'                  => $port,
      'max_connections'       => $max_connections,
      'skip-name-resolve'     => true,
      'character_set_server'  => 'utf8mb3',
      'collation_server'      => 'utf8mb3_general_ci',
      # Migrations that say "DEFAULT CHARACTER SET utf8" get the same collation as the rest. MariaDB 11.3 and later.
      'loose_character_set_collations' => 'utf8mb3=utf8mb3_general_ci',
      # On by default since 11.6.2, it makes an error of each write to what another has changed since it was read; the
      # services are written for the isolation without it, and lose what they were about to do.
      'loose_innodb_snapshot_isolation' => 'OFF',
      'innodb_buffer_pool_size' => $innodb_buffer_pool_size,
      'innodb_file_per_table' => 'ON',
      'pid-file'              => '/run/mysqld/mysqld.pid',
      'socket'                => '/run/mysqld/mysqld.sock',
      'log-error'             => '/var/log/mariadb/mariadb.log',
      'init_file'             => '/etc/mysql/root.sql',
    } + $tls + $cluster,
    'mysqld_safe' => { 'log-error' => '/var/log/mariadb/mariadb.log' },
  }

  class { 'mysql::server':
    package_name            => 'mariadb-server',
    service_name            => 'mariadb',
    config_file             => '/etc/mysql/my.cnf',
    service_manage          => false,
    create_root_user        => false,
    create_root_my_cnf      => false,
    remove_default_accounts => false,
    override_options        => deep_merge($defaults, $options),
  }

  if $step == 2 {
    $databases.each |$class| {
      if defined($class) {
        include $class
      } else {
        treadle::database { $class: }
      }
    }
  } else {
    # The module makes the log file; in the container that the server runs in, the folder is the host's.
    file { '/var/log/mariadb':
      ensure => directory,
      before => Class['mysql::server::installdb'],
    }

    file {
      default:
        ensure    => file,
        show_diff => false;
      '/etc/mysql/root.sql':
        owner   => 'root',
        group   => 'mysql',
        mode    => '0640',
        content => epp('treadle/mysql-root.sql.epp', { 'password' => $root_password });
      # For clients on this node's address, among them Puppet's when it makes the databases.
      '/root/.my.cnf':
        owner   => 'root',
        group   => 'root',
        mode    => '0600',
        content => "[client]\nuser=root\npassword=${root_password}\nhost=${bind_ip}\nport=${port}\n${client}";
    }
    unless empty($certificate) {
      treadle::pem {
        default:
          owner => 'mysql',
          group => 'mysql';
        "${folder}/server.crt":
          parts => $certificate,
          mode  => '0444';
        "${folder}/server.key":
          parts => $key;
      }
      unless empty($authorities) {
        treadle::pem { '/root/ca.crt':
          parts => $authorities,
          mode  => '0644',
        }
      }
    }

    treadle::healthcheck { 'mysql':
      command => $galera ? {
        false   => 'exec mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock --silent ping',
        # In the cluster, with all of its data.
        default => join([
          "exec 3<>/dev/tcp/${bind_ip}/9200",
          "printf 'GET / HTTP/1.0\r\n\r\n' >&3",
          'read -r -t 4 version code said <&3 && [ "$code" = 200 ]',
        ], "\n"),
      },
    }
  }
}
