# What must exist once in Keystone and `keystone-manage bootstrap` does not make. Bootstrap makes, and brings up to
# date, the administrator with password, project and roles, and the identity service with its endpoints.
#
# @param service_project Project of the services' users
# @param roles Further roles
# @param auth_classes Classes that make a service with its user and endpoints, such as glance::keystone::auth. Where
#   Keystone's image does not have one's module, treadle::identity makes the same
class treadle::profile::base::keystone::tasks (
  String[1] $service_project     = 'service',
  Array[String[1]] $roles        = [],
  Array[String[1]] $auth_classes = lookup('treadle::keystone::auth_classes', {
    'merge' => 'unique', 'default_value' => [],
  }),
) {
  keystone_tenant { $service_project:
    ensure  => present,
    enabled => true,
  }
  keystone_role { $roles:
    ensure => present,
  }
  $auth_classes.each |$class| {
    if defined($class) {
      include $class
    } else {
      treadle::identity { $class: }
    }
  }
}
