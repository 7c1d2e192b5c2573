# What the files of all of Swift's services have: the hash of paths, and where the rings are.
#
# @param rings Rings that the services read; each further storage policy has its own
class treadle::profile::base::swift (
  Array[String[1], 1] $rings = ['account', 'container', 'object'],
) {
  include swift
  include treadle::cache

  # The rings are built on the node and are part of no configuration. Swift looks for them beside its files, and reads
  # them again when they change.
  $rings.each |$ring| {
    file { "/etc/swift/${ring}.ring.gz":
      ensure => link,
      target => "/etc/swift/rings/${ring}.ring.gz",
    }
  }
}
