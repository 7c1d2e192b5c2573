# A project's database with its user, for projects whose Puppet module is not in the database's image: what
# MODULE::db::mysql makes, from the same hiera.
#
# @param password Password of the user
# @param dbname Name of the database
# @param user Name of the user
# @param host Where the user may come from
# @param charset Character set
# @param collate Collation
define treadle::database (
  String[1] $password = lookup("${title}::password"),
  String[1] $dbname   = lookup("${title}::dbname"),
  String[1] $user     = lookup("${title}::user"),
  String[1] $host     = lookup("${title}::host"),
  String[1] $charset  = lookup("${title}::charset"),
  String[1] $collate  = lookup("${title}::collate"),
) {
  openstacklib::db::mysql { $dbname:
    user     => $user,
    password => $password,
    dbname   => $dbname,
    host     => $host,
    charset  => $charset,
    collate  => $collate,
  }
}
