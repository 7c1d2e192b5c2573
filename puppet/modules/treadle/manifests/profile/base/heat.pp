# What all services of Heat read, with the puppet module's own parameters from hiera.
class treadle::profile::base::heat {
  include treadle::messaging
  include treadle::cache
  treadle::authtoken('heat::keystone::authtoken')
  class { 'heat':
    default_transport_url => $treadle::messaging::url,
  }
  include heat::logging
  include heat::clients
}
