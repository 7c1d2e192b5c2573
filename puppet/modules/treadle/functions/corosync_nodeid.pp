# A number for a node that stays the same whoever joins and leaves: the last 16 bits of its address, since knet takes no
# more.
function treadle::corosync_nodeid(String[1] $address) >> Integer[0, 65535] {
  $address ? {
    /:/     => $address.regsubst('^.*:0*', '') ? {
      ''      => 0,
      default => Integer("0x${$address.regsubst('^.*:0*', '')}", 16),
    },
    default => $address.split('\.')[2, 2].map |$part| { Integer($part, 10) }.reduce |$sum, $part| { $sum * 256 + $part },
  }
}
