# What the one-shot container reads that prepares the database of a project: /etc/PROJECT/init/PROJECT.conf. Apart from
# the rest of the configuration, so that it is run again only when this changes.
#
# @param connection URL of the database
# @param more Further lines of the file
define treadle::init_database (String[1] $connection, Array[String] $more = []) {
  file {
    default:
      owner     => 'root',
      group     => $title,
      show_diff => false;
    "/etc/${title}/init":
      ensure => directory,
      mode   => '0750';
    "/etc/${title}/init/${title}.conf":
      mode    => '0640',
      content => join(['[database]', "connection = ${connection}"] + $more + [''], "\n");
  }
}
