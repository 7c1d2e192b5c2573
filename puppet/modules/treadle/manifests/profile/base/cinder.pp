# What all services of Cinder read, with the puppet module's own parameters from hiera.
#
# @param bind_ip Address of this node that Cinder tells others
# @param backup_use_same_host Whether a volume is backed up on the node that has it
class treadle::profile::base::cinder (
  String[1] $bind_ip            = lookup('cinder::api::bind_host'),
  Boolean $backup_use_same_host = true,
) {
  include treadle::messaging
  class { 'cinder':
    default_transport_url => $treadle::messaging::url,
  }
  include cinder::logging
  cinder_config {
    'DEFAULT/my_ip':                value => $bind_ip;
    'DEFAULT/backup_use_same_host': value => $backup_use_same_host;
  }

  # Where keys of encrypted volumes are.
  if lookup('barbican_api_enabled', { 'default_value' => false }) {
    include cinder::key_manager
    include cinder::key_manager::barbican
  }
}
