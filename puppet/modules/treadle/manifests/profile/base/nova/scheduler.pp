# Nova's scheduler.
class treadle::profile::base::nova::scheduler {
  include treadle::profile::base::nova
  include nova::scheduler
  include nova::scheduler::filter

  treadle::healthcheck { 'nova_scheduler':
    command => "exec healthcheck_port nova-scheduler ${treadle::messaging::port}",
  }
}
