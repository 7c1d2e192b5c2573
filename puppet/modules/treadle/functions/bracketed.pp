# An address as it stands before a port: IPv6 in brackets.
function treadle::bracketed(String[1] $address) >> String[1] {
  $address ? {
    /^[^\[].*:/ => "[${address}]",
    default     => $address,
  }
}
