# What all services of Cinder read, with the puppet module's own parameters from hiera.
#
# @param bind_ip Address of this node that Cinder tells others
class treadle::profile::base::cinder (
  String[1] $bind_ip = lookup('cinder::api::bind_host'),
) {
  include treadle::messaging
  class { 'cinder':
    default_transport_url => $treadle::messaging::url,
  }
  include cinder::logging
  cinder_config { 'DEFAULT/my_ip': value => $bind_ip }
}
