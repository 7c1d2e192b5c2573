# A project's user, service and endpoints in Keystone, for projects whose Puppet module is not in Keystone's image: what
# MODULE::keystone::auth makes, from the same hiera.
#
# @param password Password of the user
# @param service_name Name of the service, and of the user
# @param service_type Type of the service
# @param service_description What the service is
# @param tenant Project of the user
# @param roles Roles of the user in it
# @param region Region of the endpoints
# @param public_url URL for everybody
# @param internal_url URL for other services
# @param admin_url URL for administrators
define treadle::identity (
  String[1] $password            = lookup("${title}::password"),
  String[1] $service_name        = lookup("${title}::service_name"),
  String[1] $service_type        = lookup("${title}::service_type"),
  String[1] $service_description = lookup("${title}::service_description"),
  String[1] $tenant              = lookup("${title}::tenant"),
  Array[String[1]] $roles        = lookup("${title}::roles"),
  String[1] $region              = lookup("${title}::region"),
  String[1] $public_url          = lookup("${title}::public_url"),
  String[1] $internal_url        = lookup("${title}::internal_url"),
  String[1] $admin_url           = lookup("${title}::admin_url"),
) {
  keystone::resource::service_identity { $service_name:
    configure_user      => true,
    configure_user_role => true,
    configure_endpoint  => true,
    configure_service   => true,
    service_name        => $service_name,
    service_type        => $service_type,
    service_description => $service_description,
    region              => $region,
    auth_name           => $service_name,
    password            => $password,
    email               => "${service_name}@localhost",
    tenant              => $tenant,
    roles               => $roles,
    public_url          => $public_url,
    internal_url        => $internal_url,
    admin_url           => $admin_url,
  }
}
