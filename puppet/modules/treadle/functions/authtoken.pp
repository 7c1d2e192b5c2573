# How a service checks the tokens of those that call it: its module's class for that, with the memcached servers of the
# cloud. A function, because a service's other classes include that one with hiera data alone, and it has to come first.
function treadle::authtoken(String[1] $class) {
  include treadle::cache
  class { $class:
    memcached_servers => $treadle::cache::servers,
  }
}
