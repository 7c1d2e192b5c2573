# Nova's conductor.
class treadle::profile::base::nova::conductor {
  include treadle::profile::base::nova
  include nova::db
  include nova::conductor

  treadle::healthcheck { 'nova_conductor':
    command => "exec healthcheck_port nova-conductor ${treadle::messaging::port}",
  }
}
