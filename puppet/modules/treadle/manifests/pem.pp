# A file with certificates or keys in PEM, and the folders above it.
#
# What it is made of stands in it as it was given: a secret is known again by its exact text.
#
# @param parts Certificates and keys, in their order
# @param path The file
# @param owner Who may read it
# @param group Group of the file
# @param mode Mode of the file
define treadle::pem (
  Array[String[1], 1] $parts,
  Stdlib::Absolutepath $path = $title,
  String[1] $owner           = 'root',
  String[1] $group           = 'root',
  Stdlib::Filemode $mode     = '0400',
) {
  $names = $path.split('/')[1, -2]
  $folders = $names.map |$index, $name| { "/${join($names[0, $index + 1], '/')}" }
  $folders.filter |$folder| { !($folder in ['/etc', '/root']) and !defined(File[$folder]) }.each |$folder| {
    file { $folder: ensure => directory }
  }

  file { $path:
    ensure    => file,
    owner     => $owner,
    group     => $group,
    mode      => $mode,
    show_diff => false,
    content   => join($parts.map |$part| { $part ? {
      /\n\z/   => $part,
      default => "${part}\n",
    } }, ''),
  }
}
