# Cinder's backup service and where it keeps backups.
#
# @param backend Kind of the store, a class of the Puppet module's cinder::backup
# @param privileged Whether the container is privileged
class treadle::profile::base::cinder::backup (
  Enum['ceph', 'glusterfs', 'google', 'nfs', 'posix', 's3', 'swift'] $backend = 'posix',
  Boolean $privileged = false,
) {
  include treadle::profile::base::cinder
  include cinder::backup
  include "cinder::backup::${backend}"

  # os-brick's helper asks for CAP_SYS_ADMIN, even to read the initiator's name, and ends where there is none.
  $capabilities = $privileged ? {
    true    => '<SERVICE DEFAULT>',
    default => '',
  }
  cinder_config { 'privsep_osbrick/capabilities': value => $capabilities }

  treadle::healthcheck { 'cinder_backup':
    command => "exec healthcheck_port cinder-backup ${treadle::messaging::port}",
  }
}
