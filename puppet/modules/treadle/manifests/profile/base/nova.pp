# What all services of Nova read, with the puppet module's own parameters from hiera.
class treadle::profile::base::nova {
  include treadle::messaging
  class { 'nova':
    default_transport_url => $treadle::messaging::url,
  }
  include nova::logging
  include nova::placement
  include nova::network::neutron
  include nova::cinder
  include nova::glance
  include nova::keystone::service_user
}
