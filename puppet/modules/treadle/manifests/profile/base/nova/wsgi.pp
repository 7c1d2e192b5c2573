# What Nova's APIs have in common: tokens, databases, and the cache of metadata.
class treadle::profile::base::nova::wsgi {
  include treadle::profile::base::nova
  treadle::authtoken('nova::keystone::authtoken')
  if $treadle::cache::servers {
    class { 'nova::cache':
      enabled          => true,
      backend          => 'dogpile.cache.memcached',
      memcache_servers => $treadle::cache::servers,
    }
  }
  include nova::api
  include nova::metadata
}
