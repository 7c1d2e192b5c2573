# The command that tells whether a container works: an executable file, which the template's healthcheck runs.
#
# The address to ask is a node's own, which hiera knows and a template does not.
#
# @param command Shell command, exit status 0 when the service answers
define treadle::healthcheck (String[1] $command) {
  ensure_resource('file', ['/etc/treadle', '/etc/treadle/healthcheck'], { 'ensure' => 'directory', 'mode' => '0755' })

  file { "/etc/treadle/healthcheck/${title}":
    ensure  => file,
    mode    => '0755',
    content => "#!/bin/bash\n${command}\n",
  }
}
