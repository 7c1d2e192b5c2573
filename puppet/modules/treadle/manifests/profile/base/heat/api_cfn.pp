# Heat's API in the form of CloudFormation, under uWSGI.
#
# @param bind_ip Address that the API listens on
# @param port Port that the API listens on
# @param ec2authtoken Factory of the filter that checks who signed a request. The image's own one logs in to Keystone, as
#   Heat's does not up to 24.0.0
class treadle::profile::base::heat::api_cfn (
  String[1] $bind_ip = lookup('heat::api_cfn::bind_host'),
  Stdlib::Port $port = lookup('heat::api_cfn::bind_port', { 'default_value' => 8000 }),
  String[1] $ec2authtoken = 'treadle_heat.ec2token:filter_factory',
) {
  include treadle::profile::base::heat
  include heat::api_cfn

  treadle::uwsgi_api { 'heat_api_cfn':
    module  => 'heat',
    bind_ip => $bind_ip,
    port    => $port,
    wsgi    => 'heat::wsgi::uwsgi_api_cfn',
    config  => 'heat_api_cfn_uwsgi_config',
  }
  heat_api_paste_ini { 'filter:ec2authtoken/paste.filter_factory': value => $ec2authtoken }
  # Debian's file names the log of the other API.
  heat_api_cfn_uwsgi_config { 'uwsgi/logto': value => '/var/log/heat/heat-api-cfn.log' }
}
