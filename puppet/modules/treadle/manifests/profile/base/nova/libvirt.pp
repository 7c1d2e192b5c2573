# libvirtd and virtlogd.
#
# @param log_level What both log at least, from 1 (debug) to 4 (errors)
class treadle::profile::base::nova::libvirt (
  Integer[1, 4] $log_level = 3,
) {
  include nova::deps

  $logs = { 'libvirtd' => 'libvirtd_config', 'virtlogd' => 'virtlogd_config' }
  $logs.each |$daemon, $type| {
    Resource[$type] {
      'log_level':   value => $log_level;
      'log_outputs': value => "${log_level}:file:/var/log/libvirt/${daemon}.log", quote => true;
    }
  }

  # Nova's user of the compute service's container may speak to it, and nobody from another machine.
  libvirtd_config {
    'unix_sock_group':    value => 'nova', quote => true;
    'unix_sock_rw_perms': value => '0770', quote => true;
    'auth_unix_ro':       value => 'none', quote => true;
    'auth_unix_rw':       value => 'none', quote => true;
  }

  # A container cannot load profiles of the node's AppArmor or SELinux.
  qemu_config { 'security_driver':
    value => 'none',
    quote => true,
  }

  treadle::healthcheck {
    'nova_libvirt':
      command => 'exec virsh --quiet --connect qemu:///system list';
    'nova_virtlogd':
      command => 'exec virt-admin --quiet --connect virtlogd:///system server-list';
  }
}
