# /etc/hosts entries of all nodes and VIPs of the cloud, on the machine itself, from the first step on. It asks for
# no step, so once is enough.
#
# @param entries Of every fully qualified name its `ip` and `host_aliases`
# @param action What is being done with the stack; DELETE takes the entries away
# @param stack Name of the stack, put behind each entry
# @param target File to manage
class treadle::profile::base::hosts (
  Hash[String[1], Hash] $entries = lookup('treadle_hosts', { 'default_value' => {} }),
  String $action                 = lookup('stack_action', { 'default_value' => 'CREATE' }),
  String[1] $stack               = lookup('stack_name', { 'default_value' => 'overcloud' }),
  Stdlib::Absolutepath $target   = '/etc/hosts',
) {
  $ensure = $action ? {
    'DELETE' => absent,
    default  => present,
  }

  $entries.each |$name, $entry| {
    host { $name:
      ensure       => $ensure,
      ip           => $entry['ip'],
      host_aliases => $entry['host_aliases'],
      comment      => "stack ${stack}",
      target       => $target,
    }
  }
}
