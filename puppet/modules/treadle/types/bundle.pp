# A container that Pacemaker runs on each node of the cluster which has the service.
type Treadle::Bundle = Struct[{
  # Its name stays the same on all nodes, whatever image a node has by it.
  image       => Pattern[/\A[^<>&"\s]+\z/],
  # It runs on the nodes that have this service.
  service     => String[1],
  command     => Pattern[/\A[^<>&"]+\z/],
  # Words of `docker run`.
  options     => Array[Pattern[/\A[^<>&"\s]+\z/]],
  # SOURCE:TARGET[:OPTIONS], paths of the node and of the container.
  volumes     => Array[Pattern[/\A\/[^<>&":]+:\/[^<>&":]+(:[a-z,]+)?\z/]],
  # Whether a VIP is on no node without it.
  beside_vips => Boolean,
}]
