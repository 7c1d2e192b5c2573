# Heat's engine, and what the one-shot that prepares its database reads.
class treadle::profile::base::heat::engine {
  include treadle::profile::base::heat
  include heat::engine
  include heat::trustee

  # For types, constraints and extensions, which each stack asks for again and again.
  if $treadle::cache::servers {
    class { 'heat::cache':
      enabled          => true,
      backend          => 'dogpile.cache.memcached',
      memcache_servers => $treadle::cache::servers,
    }
  }
  # The domain itself is made where Keystone is.
  class { 'heat::keystone::domain':
    manage_domain => false,
    manage_user   => false,
    manage_role   => false,
  }
  treadle::init_database { 'heat':
    connection => lookup('heat::db::database_connection'),
  }
  treadle::healthcheck { 'heat_engine':
    command => "exec healthcheck_port heat-engine ${treadle::messaging::port}",
  }
}
