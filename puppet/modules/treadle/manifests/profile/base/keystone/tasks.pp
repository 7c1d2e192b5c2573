# What must exist once in Keystone beside what `keystone-manage bootstrap` made: the project of the services, the
# identity endpoints as they are now, and what the other services ask for.
#
# @param service_project Project of the services' users
# @param roles Further roles
# @param auth_classes Classes that make a service with its user and endpoints, such as glance::keystone::auth
class treadle::profile::base::keystone::tasks (
  String[1] $service_project     = 'service',
  Array[String[1]] $roles        = [],
  Array[String[1]] $auth_classes = lookup('treadle::keystone::auth_classes', { 'merge' => 'unique', 'default_value' => [] }),
) {
  $region = $treadle::profile::base::keystone::region
  $urls = $treadle::profile::base::keystone::endpoints

  keystone_tenant { $service_project:
    ensure  => present,
    enabled => true,
  }
  keystone_service { 'keystone::identity':
    ensure      => present,
    description => 'OpenStack Identity Service',
  }
  keystone_endpoint { "${region}/keystone::identity":
    ensure       => present,
    public_url   => $urls['public'],
    internal_url => $urls['internal'],
    admin_url    => $urls['admin'],
  }
  keystone_role { $roles:
    ensure => present,
  }
  include $auth_classes
}
