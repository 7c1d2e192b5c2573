# Cinder's volume service and its backends.
#
# Backends of other kinds: their classes (such as cinder::backend::nfs) are named in `backend_classes` and get their
# parameters from hiera, their names stand in `user_enabled_backends`.
#
# @param file Whether volumes are kept as files
# @param file_backend Name of that backend
# @param file_capacity What it may hold in GiB, 0 for what the file system has
# @param iscsi Whether volumes are kept in LVM and given out by iSCSI
# @param iscsi_ip Address of the iSCSI targets
# @param iscsi_helper What makes the targets
# @param iscsi_protocol iscsi or iser
# @param iscsi_backend Name of that backend
# @param volume_group LVM volume group
# @param reserved_percentage Part of each backend's capacity that is not given away
# @param user_enabled_backends Names of further backends
# @param backend_classes Classes that set them up
class treadle::profile::base::cinder::volume (
  Boolean $file                           = true,
  String[1] $file_backend                 = 'treadle_file',
  Integer[0] $file_capacity               = 0,
  Boolean $iscsi                          = false,
  Optional[String[1]] $iscsi_ip           = undef,
  Enum['lioadm', 'tgtadm'] $iscsi_helper  = 'lioadm',
  Enum['iscsi', 'iser'] $iscsi_protocol   = 'iscsi',
  String[1] $iscsi_backend                = 'tripleo_iscsi',
  String[1] $volume_group                 = 'cinder-volumes',
  Integer[0, 100] $reserved_percentage    = 0,
  Array[String[1]] $user_enabled_backends = lookup('cinder_user_enabled_backends', { 'default_value' => [] }),
  Array[String[1]] $backend_classes       = lookup('treadle::cinder::backend_classes', {
    'merge' => 'unique', 'default_value' => [],
  }),
) {
  include treadle::profile::base::cinder
  include cinder::volume
  include $backend_classes

  if $file {
    cinder_config {
      "${file_backend}/volume_driver":       value => 'treadle_cinder.file.FileDriver';
      "${file_backend}/volume_backend_name": value => $file_backend;
      "${file_backend}/file_capacity_gb":    value => $file_capacity;
      "${file_backend}/reserved_percentage": value => $reserved_percentage;
    }
  }
  if $iscsi {
    cinder::backend::iscsi { $iscsi_backend:
      target_ip_address   => $iscsi_ip,
      target_helper       => $iscsi_helper,
      target_protocol     => $iscsi_protocol,
      volume_group        => $volume_group,
      reserved_percentage => $reserved_percentage,
    }
  }

  # Cinder's helper asks for CAP_SYS_ADMIN, even to look at an image's format, and ends where there is none.
  $capabilities = $iscsi ? {
    true    => '<SERVICE DEFAULT>', # the container is privileged
    default => 'CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER',
  }
  cinder_config { 'cinder_sys_admin/capabilities': value => $capabilities }

  $names = [[$file, $file_backend], [$iscsi, $iscsi_backend]].filter |$each| { $each[0] }.map |$each| { $each[1] }
  $backends = $names + $user_enabled_backends
  if empty($backends) {
    fail('Cinder has no backend: set CinderEnableFileBackend or CinderEnableIscsiBackend, or leave CinderVolume out')
  }
  class { 'cinder::backends':
    enabled_backends => $backends,
  }

  treadle::healthcheck { 'cinder_volume':
    command => "exec healthcheck_port cinder-volume ${treadle::messaging::port}",
  }
}
