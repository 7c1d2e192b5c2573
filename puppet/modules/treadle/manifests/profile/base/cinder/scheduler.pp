# Cinder's scheduler.
class treadle::profile::base::cinder::scheduler {
  include treadle::profile::base::cinder
  include cinder::scheduler

  treadle::healthcheck { 'cinder_scheduler':
    command => "exec healthcheck_port cinder-scheduler ${treadle::messaging::port}",
  }
}
