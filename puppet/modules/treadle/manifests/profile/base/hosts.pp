# /etc/hosts entries of all nodes and VIPs of the cloud, on the machine itself.
#
# @param entries Of every fully qualified name its `ip` and `host_aliases`
# @param action What is being done with the stack; DELETE takes the entries away
# @param stack Name of the stack, put behind each entry
# @param target File to manage
# @param step Step of the deployment
class treadle::profile::base::hosts (
  Hash[String[1], Hash] $entries = lookup('treadle_hosts', { 'default_value' => {} }),
  String $action                 = lookup('stack_action', { 'default_value' => 'CREATE' }),
  String[1] $stack               = lookup('stack_name', { 'default_value' => 'overcloud' }),
  Stdlib::Absolutepath $target   = '/etc/hosts',
  Integer $step                  = Integer(lookup('step')),
) {
  $ensure = $action ? {
    'DELETE' => absent,
    default  => present,
  }

  if $step >= 1 {
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
}
