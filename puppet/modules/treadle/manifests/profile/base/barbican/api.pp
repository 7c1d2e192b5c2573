# Barbican: its API under uWSGI, the worker and the listener to Keystone, which read the same files.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param simple_crypto Whether secrets may be kept in the database, encrypted with a key of Barbican's own
class treadle::profile::base::barbican::api (
  String[1] $bind_ip     = lookup('barbican::api::bind_host'),
  Stdlib::Port $port     = lookup('barbican::api::bind_port', { 'default_value' => 9311 }),
  Boolean $simple_crypto = lookup('barbican_backend_simple_crypto_enabled', { 'default_value' => false }),
) {
  include treadle::messaging
  include treadle::cache
  treadle::authtoken('barbican::keystone::authtoken')
  include barbican
  class { 'barbican::api':
    default_transport_url => $treadle::messaging::url,
    enabled_secret_stores => lookup('barbican::api::enabled_secret_stores', {
      'default_value' => { true => ['simple_crypto'], false => [] }[$simple_crypto],
    }),
  }
  if $simple_crypto {
    include barbican::plugins::simple_crypto
  }
  # A worker of several waits for all of this time when it is to end; an order takes milliseconds.
  barbican_config { 'DEFAULT/graceful_shutdown_timeout': value => 10 }
  include barbican::api::logging
  include barbican::quota
  include barbican::worker
  include barbican::keystone::notification

  treadle::uwsgi_api { 'barbican_api':
    module  => 'barbican',
    bind_ip => $bind_ip,
    port    => $port,
  }
  treadle::init_database { 'barbican':
    connection => lookup('barbican::db::database_connection'),
  }
  ['barbican_worker', 'barbican_keystone_listener'].each |$name| {
    treadle::healthcheck { $name:
      command => "exec healthcheck_port ${regsubst($name, '_', '-', 'G')} ${treadle::messaging::port}",
    }
  }
}
