# What the one-shot containers that prepare the database need, apart from the rest of the configuration, so that
# they are run again only when it changes: /etc/keystone/init.
#
# @param cas CAs that certificates of endpoints may be signed by, in PEM
class treadle::profile::base::keystone::init (
  Array[String] $cas = [],
) {
  $password = $treadle::profile::base::keystone::admin_password
  $urls = $treadle::profile::base::keystone::endpoints
  $region = $treadle::profile::base::keystone::region
  $keys = lookup('keystone::fernet_key_repository')

  treadle::init_database { 'keystone':
    connection => lookup('keystone::db::database_connection'),
    more       => [
      '[fernet_tokens]', "key_repository = ${keys}", '[fernet_receipts]', "key_repository = ${keys}",
    ],
  }
  file { '/etc/keystone/init/bootstrap.env':
    owner     => 'root',
    group     => 'keystone',
    mode      => '0640',
    show_diff => false,
    content   => epp('treadle/keystone-bootstrap.env.epp', {
      'password' => $password, 'urls' => $urls, 'region' => $region,
    }),
  }

  # For Puppet's OpenStack types, which make services, endpoints, roles and users.
  file {
    default:
      owner => 'root',
      group => 'root',
      mode  => '0755';
    '/etc/openstack':
      ensure => directory;
    '/etc/openstack/puppet':
      ensure => directory;
  }
  openstacklib::clouds { '/etc/openstack/puppet/admin-clouds.yaml':
    username     => 'admin',
    password     => $password,
    auth_url     => $urls['internal'],
    project_name => 'admin',
    system_scope => 'all',
    region_name  => $region,
    interface    => 'internal',
  }
  $given = $cas.filter |$ca| { $ca != '' }
  unless empty($given) {
    treadle::pem { '/etc/openstack/puppet/ca.crt':
      parts => $given,
      mode  => '0644',
    }
  }
}
