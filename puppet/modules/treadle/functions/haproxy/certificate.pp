# The file with HAProxy's certificate and key.
#
# @param side public or internal
function treadle::haproxy::certificate(Enum['public', 'internal'] $side) >> Stdlib::Absolutepath {
  $file = $treadle::profile::base::haproxy::pem[$side]
  if $file == undef {
    fail($side ? {
      'public' => 'a public endpoint is https in EndpointMap, and there is no certificate: give SSLCertificate and SSLKey',
      default  => 'TLS between services is on, and there is no certificate: give InternalTLSCertificate and InternalTLSKey',
    })
  }
  $file
}
