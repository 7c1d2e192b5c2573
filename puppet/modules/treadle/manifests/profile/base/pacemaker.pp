# A cluster of corosync and Pacemaker on the machines themselves, from the first step on; in the second one its first
# node says what it runs: the VIPs, and the bundles that other services ask for.
#
# @param authkey Secret that the nodes encrypt and sign with what they say to each other
# @param cluster_name How the cluster is called; a node that is in another one is left alone
# @param token_timeout Milliseconds without a sign of life after which a node is lost
# @param fencing Whether a node that is lost is fenced before others do its work
# @param interfaces Interfaces for the VIPs of single networks; else the one that routes lead to
# @param interface The same for all others
# @param networks Networks by name_lower, of which those with a VIP count
# @param bundles Of every bundle what it is like
# @param members Names of the nodes
# @param ips Their addresses, in the same order
# @param bootstrap_node Which of them says what the cluster runs
# @param own_ip Address of this node among them
# @param action What is being done with the stack; DELETE takes the node out of the cluster
# @param packages Packages that it takes
class treadle::profile::base::pacemaker (
  String[128, 4096] $authkey,
  Pattern[/\A[A-Za-z0-9_.-]+\z/] $cluster_name,
  Integer[1000] $token_timeout                   = 3000,
  Boolean $fencing                               = false,
  Hash[String[1], String[1]] $interfaces         = {},
  String $interface                              = '',
  Array[String[1]] $networks                     = ['ctlplane', 'external', 'internal_api', 'storage', 'storage_mgmt'],
  Hash[Pattern[/\A[a-z][a-z0-9-]*\z/], Treadle::Bundle] $bundles = lookup('treadle::pacemaker::bundles', {
    'merge' => 'deep', 'default_value' => {},
  }),
  Array[String[1], 1] $members                   = lookup('pacemaker_short_node_names'),
  Array[String[1], 1] $ips                       = lookup('pacemaker_node_ips'),
  String[1] $bootstrap_node                      = lookup('pacemaker_short_bootstrap_node_name'),
  String[1] $own_ip                              = lookup('ctlplane'),
  String $action                                 = lookup('stack_action', { 'default_value' => 'CREATE' }),
  Array[String[1], 1] $packages                  = [
    'corosync', 'pacemaker', 'pacemaker-cli-utils', 'pcs', 'resource-agents',
  ],
) {
  Exec { path => ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] }

  if $action == 'DELETE' {
    # Pacemaker takes what it runs with it.
    service { 'pacemaker': ensure => stopped, enable => false }
    -> service { 'corosync': ensure => stopped, enable => false }
    -> file { ['/etc/corosync/corosync.conf', '/etc/corosync/authkey']: ensure => absent }
    -> exec { 'forget the cluster': command => 'rm -f /var/lib/pacemaker/cib/*' }
  } else {
    $nodes = $members.map |$index, $name| {
      { 'name' => $name, 'address' => $ips[$index], 'id' => treadle::corosync_nodeid($ips[$index]) }
    }
    if length($nodes.map |$node| { $node['id'] }.unique) < length($nodes) {
      fail("Nodes of a cluster need addresses that differ in their last 16 bits: ${ips.join(', ')}")
    }
    $mine = "^[[:space:]]*cluster_name: ${cluster_name}$"
    $of_package = '^[[:space:]]*cluster_name: debian$'

    # A package may begin a cluster of one node as soon as it is there: that of Debian is called so.
    exec { 'the node is in no other cluster':
      command  => "echo 'corosync.conf is that of another cluster: pcs cluster destroy' >&2; exit 1",
      onlyif   => 'test -e /etc/corosync/corosync.conf',
      unless   => "grep -q -e '${mine}' -e '${of_package}' /etc/corosync/corosync.conf",
      provider => shell,
    }
    -> exec { 'leave the cluster that the package began':
      command  => 'service pacemaker stop; service corosync stop; rm -f /var/lib/pacemaker/cib/*',
      onlyif   => "grep -q '${of_package}' /etc/corosync/corosync.conf",
      provider => shell,
    }
    -> file {
      '/etc/corosync':
        ensure => directory,
        mode   => '0755';
      '/etc/corosync/authkey':
        mode      => '0400',
        content   => Sensitive($authkey),
        show_diff => false;
      '/etc/corosync/corosync.conf':
        mode    => '0644',
        content => epp('treadle/corosync.conf.epp', {
          'cluster_name' => $cluster_name, 'token_timeout' => $token_timeout, 'nodes' => $nodes,
        });
    }
    # After its files, so that what a package starts is this cluster already.
    -> package { $packages: ensure => present }
    -> service { 'corosync': ensure => running, enable => true }
    -> service { 'pacemaker': ensure => running, enable => true }

    # All nodes of the cluster read it again; each of them asks for it when its own file is there.
    exec { 'corosync-cfgtool -R':
      refreshonly => true,
      subscribe   => File['/etc/corosync/authkey', '/etc/corosync/corosync.conf'],
      require     => Service['corosync'],
    }
    # Services may say that they started before they have read their configuration.
    -> exec { 'the node is in a cluster with a quorum':
      command   => 'test "$(crm_node --quorum)" = 1',
      unless    => 'test "$(crm_node --quorum)" = 1',
      provider  => shell,
      tries     => 120,
      try_sleep => 1,
      require   => Service['pacemaker'],
    }

    # The others do not ask for the step: once is enough for them.
    if $members[$ips.index |$ip| { $ip == $own_ip }] == $bootstrap_node and Integer(lookup('step')) >= 2 {
      # As with keepalived, several networks may share a VIP: the first one's interface has it.
      $vips = $networks.reduce({}) |$found, $network| {
        $address = lookup("${network}_virtual_ip", { 'default_value' => undef })
        $address ? {
          undef   => $found,
          default => { $address => $interfaces[$network] ? { undef => $interface, default => $interfaces[$network] } }
          + $found,
        }
      }
      pacemaker_configuration { 'treadle':
        require => Exec['the node is in a cluster with a quorum'],
        content => epp('treadle/cib.xml.epp', {
          'fencing' => $fencing,
          'vips'    => $vips,
          'bundles' => $bundles,
          'nodes'   => Hash($bundles.map |$_, $bundle| {
            [$bundle['service'], lookup("${bundle['service']}_short_node_names")]
          }),
        }),
      }
      $vips.keys.each |$address| {
        $is_there = "crm_resource --locate --resource ip-${regsubst($address, ':', '.', 'G')} | grep -q 'running on: '"
        exec { "VIP ${address} is on a node":
          command   => $is_there,
          unless    => $is_there,
          provider  => shell,
          tries     => 120,
          try_sleep => 1,
          require   => Pacemaker_configuration['treadle'],
        }
      }
    }
  }
}
