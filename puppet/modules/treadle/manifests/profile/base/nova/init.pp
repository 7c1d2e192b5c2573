# What the one-shots read that prepare Nova's databases (/etc/nova/init), and the one that finds compute hosts
# (/etc/nova/discovery), apart from the rest of the configuration, so that they are run again only when it changes.
#
# @param cell Name of the cell that all compute nodes are in
# @param computes Names of the compute nodes
class treadle::profile::base::nova::init (
  String[1] $cell            = 'default',
  Array[String[1]] $computes = lookup('nova_compute_short_node_names', { 'default_value' => [] }),
) {
  $domain = regsubst(lookup('fqdn_canonical'), '^[^.]+', '')
  $nova = lookup('nova::db::database_connection')
  $api = lookup('nova::db::api_database_connection')
  # The same server and user; the name of the database stands last.
  $cell0 = regsubst($nova, '/nova(\?|$)', '/nova_cell0\1')

  # How Nova's services come to a cell stands in the database, and would hold passwords there. As templates it does
  # not: name and password are those of the service's own file, so that a new one needs no word to the database.
  $login = length($treadle::messaging::hosts) ? {
    1       => ['{username}', '{password}'],
    default => ['{username1}', '{password1}'],
  }
  $queue = treadle::transport_url($treadle::messaging::hosts, $login[0], $login[1], $treadle::messaging::port)
  $template = [$nova, $cell0].map |$url| { regsubst($url, '//[^@]*@', '//{username}:{password}@') }

  treadle::init_database { 'nova':
    connection => $nova,
    more       => [
      '[api_database]', "connection = ${api}",
      '[cell]', "name = ${cell}", "transport_url = ${queue}", "database_connection = ${template[0]}",
      "cell0_database_connection = ${template[1]}",
    ],
  }
  # Each database has its own tables: one file for each.
  file {
    default:
      owner     => 'root',
      group     => 'nova',
      mode      => '0640',
      show_diff => false;
    '/etc/nova/init/nova_api.conf':
      content => "[database]\nconnection = ${api}\n[api_database]\nconnection = ${api}\n";
    '/etc/nova/init/nova_cell0.conf':
      content => "[database]\nconnection = ${cell0}\n";
    '/etc/nova/discovery':
      ensure => directory,
      mode   => '0750';
    '/etc/nova/discovery/hosts':
      content => join($computes.map |$name| { "${name}${domain}\n" });
  }
}
