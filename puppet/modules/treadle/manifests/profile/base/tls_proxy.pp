# The TLS proxy of a node: it listens on the addresses of the node's APIs, ends TLS with the certificate between
# services, and passes on to the APIs, which listen on an address that only the node itself reaches.
#
# A service's template adds to `treadle::tls_proxy::services` under service_config_settings.
#
# @param certificate The certificate between services, those that it was signed by, and its key, in PEM
# @param services Of every API of the cloud the network and the port that it is on
# @param here Names of the services of this node
# @param loopback Address of the node that its APIs listen on
# @param certificate_path Where the certificate is put
# @param ssl_options What every bind is told, in HAProxy's words
# @param ssl_ciphers Ciphers of TLS 1.2; empty for HAProxy's own
# @param maxconn Connections at the same time
# @param hard_stop_after How long a worker with an old configuration may go on for the connections that it has
# @param log Where to log to, in HAProxy's words
class treadle::profile::base::tls_proxy (
  Array[String] $certificate,
  Hash[String[1], Struct[{ network => String[1], port => Variant[Stdlib::Port, Pattern[/^\d+$/]] }]] $services
                             = lookup('treadle::tls_proxy::services', {
    'merge' => 'deep', 'default_value' => {},
  }),
  Array[String[1]] $here     = lookup('service_names'),
  String[1] $loopback        = lookup('loopback'),
  Stdlib::Absolutepath $certificate_path = '/etc/pki/tls/private/overcloud_internal.pem',
  String[1] $ssl_options     = 'ssl-min-ver TLSv1.2 no-tls-tickets',
  String $ssl_ciphers        = '',
  Integer[1] $maxconn        = 8192,
  String[1] $hard_stop_after = '90m',
  String[1] $log             = 'stdout format raw local0',
) {
  $parts = $certificate.filter |$part| { $part != '' }
  if empty($parts) {
    fail('TLS between services is on, and there is no certificate: give InternalTLSCertificate and InternalTLSKey')
  }
  $known = $services.filter |$name, $service| { $name in $here }
  $listens = Hash($known.map |$name, $service| {
    [$name, {
      'bind'   => treadle::socket(lookup($service['network']), Integer($service['port'])),
      'server' => treadle::socket($loopback, Integer($service['port'])),
    }]
  })

  treadle::pem { $certificate_path:
    parts => $parts,
  }
  file { '/etc/haproxy/tls-proxy.cfg':
    ensure  => file,
    mode    => '0644',
    content => epp('treadle/tls-proxy.cfg.epp', {
      'listens'         => $listens,
      'certificate'     => $certificate_path,
      'ssl_options'     => $ssl_options,
      'ssl_ciphers'     => $ssl_ciphers,
      'maxconn'         => $maxconn,
      'hard_stop_after' => $hard_stop_after,
      'log'             => $log,
    }),
  }
  treadle::healthcheck { 'tls_proxy':
    command => 'exec pgrep -x haproxy',
  }
}
