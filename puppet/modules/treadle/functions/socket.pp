# An address and a port as HAProxy and URLs write them.
function treadle::socket(String[1] $address, Stdlib::Port $port) >> String[1] {
  "${treadle::bracketed($address)}:${port}"
}
