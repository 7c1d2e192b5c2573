# Cinder in the catalog once more, under its type of today: clients of today ask for block-storage, TripleO's services and
# older clients for volumev3.
#
# @param region Region of the endpoints
# @param public_url URL for everybody
# @param internal_url URL for other services
# @param admin_url URL for administrators
class treadle::block_storage (
  String[1] $region       = lookup('cinder::keystone::auth::region'),
  String[1] $public_url   = lookup('cinder::keystone::auth::public_url_v3'),
  String[1] $internal_url = lookup('cinder::keystone::auth::internal_url_v3'),
  String[1] $admin_url    = lookup('cinder::keystone::auth::admin_url_v3'),
) {
  keystone_service { 'cinder::block-storage':
    ensure      => present,
    description => 'OpenStack Block Storage',
  }

  keystone_endpoint { "${region}/cinder::block-storage":
    ensure       => present,
    public_url   => $public_url,
    internal_url => $internal_url,
    admin_url    => $admin_url,
  }
}
