# Glance's API as a process of its own, and what the one-shot that prepares its database reads.
#
# @param backend Kind of the store, one of the Puppet module's glance::backend::multistore
# @param backend_id Name of the store
# @param backend_options Parameters of the store
# @param file_path Folder of the images of backend file
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param reached_at Address at which other nodes reach it
# @param protocol How they do, http or https
# @param brokers Addresses of the message brokers, empty where the cloud has none
class treadle::profile::base::glance::api (
  String[1] $backend                     = 'file',
  String[1] $backend_id                  = 'default_backend',
  Hash[String[1], Data] $backend_options = {},
  Stdlib::Absolutepath $file_path        = '/var/lib/glance/images',
  String[1] $bind_ip                     = lookup('glance::api::bind_host'),
  Stdlib::Port $port                     = lookup('glance::api::bind_port', { 'default_value' => 9292 }),
  String[1] $reached_at                  = $bind_ip,
  Enum['http', 'https'] $protocol        = 'http',
  Array[String[1]] $brokers              = lookup('rabbitmq_node_ips', { 'default_value' => [] }),
) {
  $api = treadle::socket($bind_ip, $port)
  treadle::authtoken('glance::api::authtoken')
  include glance::api::logging
  class { 'glance::api':
    # Where other nodes find what was uploaded to this one and not yet imported.
    worker_self_reference_url => lookup('glance::api::worker_self_reference_url', {
      'default_value' => "${protocol}://${treadle::socket($reached_at, $port)}",
    }),
  }

  $of_kind = $backend ? {
    'file'  => { 'filesystem_store_datadir' => $file_path },
    default => {},
  }
  create_resources("glance::backend::multistore::${backend}", { $backend_id => $of_kind + $backend_options })
  include glance::import_filtering_opts

  if empty($brokers) {
    include glance::notify::rabbitmq
  } else {
    include treadle::messaging
    class { 'glance::notify::rabbitmq':
      default_transport_url => $treadle::messaging::url,
    }
  }

  # Where certificates of signed images are.
  if lookup('barbican_api_enabled', { 'default_value' => false }) {
    include glance::key_manager
    include glance::key_manager::barbican
  }

  treadle::healthcheck { 'glance_api':
    command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${api}/healthcheck",
  }
  treadle::init_database { 'glance':
    connection => lookup('glance::api::db::database_connection'),
  }
}
