# The VIPs by VRRP: each is on the first node whose HAProxy listens on it.
#
# @param interface Interface that VIPs are put on
# @param interfaces The same for single networks
# @param networks Networks by name_lower, of which those with a VIP count
# @param virtual_router_id Number of the first VIP's group, the next ones follow
# @param unicast Whether the nodes talk to each other by their addresses
# @param interval Seconds between two signs of life
# @param ips Addresses of all nodes with keepalived, the first one has the VIPs when it can
# @param own_ip Address of this node among them
# @param router_id How this node is called in logs
# @param check_haproxy Whether a node without HAProxy steps back
# @param step Step of the deployment
class treadle::profile::base::keepalived (
  String[1] $interface,
  Hash[String[1], String[1]] $interfaces = {},
  Array[String[1], 1] $networks          = ['ctlplane', 'external', 'internal_api', 'storage', 'storage_mgmt'],
  Integer[1, 250] $virtual_router_id     = 51,
  Boolean $unicast                       = false,
  Numeric $interval                      = 1,
  Array[String[1], 1] $ips               = lookup('keepalived_node_ips'),
  String[1] $own_ip                      = lookup('ctlplane'),
  String[1] $router_id                   = lookup('fqdn_ctlplane').split('\.')[0],
  Boolean $check_haproxy                 = lookup('haproxy_enabled', { 'default_value' => false }),
  Integer $step                          = Integer(lookup('step')),
) {
  if $step >= 1 {
    # Several networks may share a VIP: the first one's interface has it.
    $vips = $networks.reduce({}) |$found, $network| {
      $address = lookup("${network}_virtual_ip", { 'default_value' => undef })
      $address ? {
        undef   => $found,
        default => { $address => $network } + $found,
      }
    }
    $groups = $vips.map |$address, $network| {
      { 'address' => $address, 'network' => $network, 'interface' => pick($interfaces[$network], $interface) }
    }
    $place = $ips.index |$ip| { $ip == $own_ip }

    ensure_resource('file', ['/etc/treadle', '/etc/treadle/keepalived'], { 'ensure' => 'directory', 'mode' => '0755' })
    file {
      default:
        ensure => file;
      '/etc/keepalived/keepalived.conf':
        mode    => '0644',
        content => epp('treadle/keepalived.conf.epp', {
          'router_id'         => $router_id,
          'groups'            => $groups,
          'virtual_router_id' => $virtual_router_id,
          'priority'          => 100 + length($ips) - $place,
          'interval'          => $interval,
          'check_haproxy'     => $check_haproxy,
          'own_ip'            => $own_ip,
          'peers'             => $unicast ? {
            true    => $ips - $own_ip,
            default => [],
          },
        });
      # HAProxy listens on the VIP of the stand-by too, so this says of each node whether it could serve.
      '/etc/treadle/keepalived/check_haproxy':
        mode    => '0755',
        content => "#!/bin/bash\nss --no-header --listening --tcp --numeric src \"\$1\" | grep --quiet .\n";
      '/etc/treadle/keepalived/moved':
        mode    => '0755',
        content => file('treadle/keepalived-moved.sh');
    }

    treadle::healthcheck { 'keepalived':
      command => 'exec pgrep --full --parent "$(cat /run/keepalived.pid)" keepalived',
    }
  }
}
