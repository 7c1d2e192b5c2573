# MariaDB's configuration, and the databases of all services of the cloud.
#
# @param bind_ip Address to listen on
# @param port Port to listen on
# @param root_password Password of root; set each time the server starts, so that a new one takes effect
# @param max_connections Clients at the same time
# @param innodb_buffer_pool_size Memory for data and indexes
# @param options Further options by section, over all others
# @param databases Classes that make a database each, such as keystone::db::mysql
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
  Integer $step                   = Integer(lookup('step')),
) {
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
      'innodb_buffer_pool_size' => $innodb_buffer_pool_size,
      'innodb_file_per_table' => 'ON',
      'pid-file'              => '/run/mysqld/mysqld.pid',
      'socket'                => '/run/mysqld/mysqld.sock',
      'log-error'             => '/var/log/mariadb/mariadb.log',
      'init_file'             => '/etc/mysql/root.sql',
      'ssl'                   => false,
      'ssl-disable'           => true,
    },
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
    include $databases
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
        content => "[client]\nuser=root\npassword=${root_password}\nhost=${bind_ip}\nport=${port}\n";
    }

    treadle::healthcheck { 'mysql':
      command => 'exec mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock --silent ping',
    }
  }
}
