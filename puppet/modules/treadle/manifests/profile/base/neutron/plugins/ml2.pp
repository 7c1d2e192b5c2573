# Neutron's core plugin ML2.
class treadle::profile::base::neutron::plugins::ml2 {
  include neutron::plugins::ml2
}
