# HAProxy: one `listen` section for each endpoint that the services of the cloud declare.
#
# A service's template adds to `treadle::haproxy::endpoints` under service_config_settings; see
# treadle::haproxy::endpoint for the keys of one endpoint.
#
# @param endpoints Of every section its settings
# @param maxconn Connections at the same time, of the whole process
# @param default_maxconn Connections at the same time, of one section
# @param timeouts Time limits by HAProxy's names
# @param hard_stop_after How long a worker with an old configuration may go on for the connections that it has
# @param server_name How this node's servers are called
# @param log Where to log to, in HAProxy's words
# @param stats Whether the statistics page is served
# @param stats_ips Addresses of the statistics page
# @param stats_port Port of the statistics page
# @param stats_user Name for the statistics page
# @param stats_password Password for the statistics page
# @param certificate Certificate of the public endpoints, those that it was signed by, and its key, in PEM; empty for none
# @param certificate_path Where they are put
# @param internal_certificate The same of the internal endpoints
# @param internal_certificate_path Where they are put
# @param internal_ca_file The CA of the certificate that nodes have for TLS between services, as containers have it
# @param cas CAs by their files in containers, in PEM. The container that makes the configuration does not have them
# @param ssl_options What every bind with TLS is told, in HAProxy's words
# @param ssl_ciphers Ciphers of TLS 1.2; empty for HAProxy's own
# @param vips_move Whether the VIPs are on one node of several, so that this one may listen where it cannot be reached
# @param step Step of the deployment
class treadle::profile::base::haproxy (
  String[1] $stats_password,
  Hash[String[1], Hash] $endpoints = lookup('treadle::haproxy::endpoints', {
    'merge' => 'deep', 'default_value' => {},
  }),
  Integer[1] $maxconn              = 8192,
  Integer[1] $default_maxconn      = 4096,
  Hash[String[1], String[1]] $timeouts = {},
  String[1] $hard_stop_after       = '90m',
  String[1] $server_name           = lookup('fqdn_ctlplane').split('\.')[0],
  String[1] $log                   = 'stdout format raw local0',
  Boolean $stats                   = true,
  Array[String[1]] $stats_ips      = [lookup('controller_virtual_ip')],
  Stdlib::Port $stats_port         = 1993,
  String[1] $stats_user            = 'admin',
  Array[String] $certificate       = [],
  Stdlib::Absolutepath $certificate_path = '/etc/pki/tls/private/overcloud_endpoint.pem',
  Array[String] $internal_certificate = [],
  Stdlib::Absolutepath $internal_certificate_path = '/etc/pki/tls/private/overcloud_internal.pem',
  Stdlib::Absolutepath $internal_ca_file = '/var/lib/kolla/config_files/ca-certificates/overcloud.crt',
  Hash[Stdlib::Absolutepath, String] $cas = {},
  String[1] $ssl_options           = 'ssl-min-ver TLSv1.2 no-tls-tickets',
  String $ssl_ciphers              = '',
  Boolean $vips_move               = lookup('keepalived_enabled', { 'default_value' => false }),
  Integer $step                    = Integer(lookup('step')),
) {
  $limits = {
    'http-request' => '10s', 'queue' => '2m', 'connect' => '10s', 'client' => '2m', 'server' => '2m', 'check' => '10s',
  } + $timeouts

  $given = {
    $certificate_path          => $certificate.filter |$part| { $part != '' },
    $internal_certificate_path => $internal_certificate.filter |$part| { $part != '' },
  }.filter |$path, $parts| { !empty($parts) }
  $pem = {
    'public'   => $certificate_path in $given ? { true => $certificate_path, default => undef },
    'internal' => $internal_certificate_path in $given ? { true => $internal_certificate_path, default => undef },
  }
  $tls = empty($given) ? {
    true    => {},
    default => { 'ssl-default-bind-options' => $ssl_options } + ($ssl_ciphers ? {
      ''      => {},
      default => { 'ssl-default-bind-ciphers' => $ssl_ciphers },
    }),
  }

  $given_ca = $cas[$internal_ca_file].lest || { '' }
  $backend_ca_file = $given_ca ? {
    ''      => $internal_ca_file,
    default => '/etc/pki/tls/private/overcloud_internal_ca.pem',
  }

  if $step >= 1 {
    # Only its master reads them, which is root's. What is checked has to be there before.
    $given.each |$path, $parts| {
      treadle::pem { $path:
        parts  => $parts,
        before => Class['haproxy'],
      }
    }

    if $given_ca != '' and $pem['internal'] {
      treadle::pem { $backend_ca_file:
        parts  => [$given_ca],
        before => Class['haproxy'],
      }
    }

    class { 'haproxy':
      service_manage   => false,
      merge_options    => false,
      global_options   => {
        'log'             => $log,
        'maxconn'         => $maxconn,
        'user'            => 'haproxy',
        'group'           => 'haproxy',
        'pidfile'         => '/var/run/haproxy.pid',
        'hard-stop-after' => $hard_stop_after,
        'stats'           => ['socket /var/lib/haproxy/stats mode 600 level user', 'timeout 2m'],
      } + $tls,
      defaults_options => {
        'mode'    => 'tcp',
        'log'     => 'global',
        'retries' => 3,
        'maxconn' => $default_maxconn,
        'timeout' => $limits.map |$name, $value| { "${name} ${value}" },
      },
    }

    if $stats {
      haproxy::listen { 'haproxy.stats':
        bind             => Hash(unique($stats_ips).map |$ip| { [treadle::socket($ip, $stats_port), ['transparent']] }),
        collect_exported => false,
        mode             => 'http',
        options          => { 'stats' => ['enable', 'uri /', "auth ${stats_user}:${stats_password}"] },
      }
    }

    # What haproxy_control calls this node in every section.
    ensure_resource('file', ['/etc/treadle', '/etc/treadle/haproxy'], { 'ensure' => 'directory', 'mode' => '0755' })
    file { '/etc/treadle/haproxy/server':
      ensure  => file,
      mode    => '0644',
      content => "${server_name}\n",
    }

    $endpoints.each |$name, $endpoint| {
      treadle::haproxy::endpoint { $name: * => $endpoint }
    }

    $at = treadle::socket($stats_ips[0], $stats_port)
    treadle::healthcheck { 'haproxy':
      command => [$stats, $vips_move] ? {
        [true, false] => "exec 3<>/dev/tcp/${stats_ips[0]}/${stats_port}",
        [true, true]  => "ss --no-header --listening --tcp --numeric src ${at} | grep --quiet .",
        default       => 'exec pgrep -x haproxy',
      },
    }
  }
}
