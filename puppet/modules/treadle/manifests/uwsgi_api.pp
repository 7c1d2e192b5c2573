# An OpenStack API under uWSGI: where it listens, and how one sees that it works. How it checks tokens is said before, by
# treadle::authtoken.
#
# @param module The project's Puppet module
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param wsgi The module's class for uWSGI
# @param config The module's type for uWSGI's options
# @param path What is asked to see that it works
define treadle::uwsgi_api (
  String[1] $module,
  String[1] $bind_ip,
  Stdlib::Port $port,
  String[1] $wsgi   = "${module}::wsgi::uwsgi",
  String[1] $config = "${module}_api_uwsgi_config",
  String[1] $path   = '/healthcheck',
) {
  include $wsgi
  $api = treadle::socket($bind_ip, $port)
  Resource[$config] {
    'uwsgi/http-socket': value => $api;
    # uWSGI ends each connection and does not say so. After an answer without a body, HAProxy would ask its next
    # question on a connection that is about to close, and the client would get no answer.
    'uwsgi/add-header': value => 'Connection: close';
  }

  treadle::healthcheck { $title:
    command => "exec curl --silent --show-error --fail --max-time 5 --output /dev/null http://${api}${path}",
  }
}
