# Nova's proxy for consoles in a browser.
#
# @param bind_ip Address that it listens on
# @param port Port that it listens on
class treadle::profile::base::nova::vncproxy (
  String[1] $bind_ip = lookup('nova::vncproxy::host'),
  Stdlib::Port $port = lookup('nova::vncproxy::port', { 'default_value' => 6080 }),
) {
  include treadle::profile::base::nova
  include nova::db
  include nova::vncproxy

  # For Debian's init script, which no container runs; the file is not there.
  File_line <| title == '/etc/default/nova-consoleproxy:NOVA_CONSOLE_PROXY_TYPE' |> {
    noop => true,
  }

  $proxy = treadle::socket($bind_ip, $port)
  treadle::healthcheck { 'nova_vnc_proxy':
    command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${proxy}/vnc_lite.html",
  }
}
