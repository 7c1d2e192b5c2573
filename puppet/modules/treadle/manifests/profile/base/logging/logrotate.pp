# Rotation of the containers' logs, by cron and logrotate.
#
# @param interval How often a log is rotated, however small it is
# @param maxsize Size above which a log is rotated the next time that cron asks
# @param rotate How many rotated files are kept of a log
# @param purge_after_days Days after which a rotated file goes, whatever became of its log
# @param hour Hours at which cron asks
# @param minute Minutes at which cron asks
# @param logs What is rotated
class treadle::profile::base::logging::logrotate (
  Enum['hourly', 'daily', 'weekly', 'monthly'] $interval = 'daily',
  Pattern[/\A[1-9]\d*[kMG]?\z/] $maxsize                 = '10M',
  Integer[0] $rotate                                     = 14,
  Integer[1] $purge_after_days                           = 14,
  Pattern[/\A\S+\z/] $hour                               = '*',
  Pattern[/\A\S+\z/] $minute                             = '0',
  Array[Stdlib::Absolutepath, 1] $logs                   = [
    '/var/log/containers/*/*.log', '/var/log/containers/*/*/*.log',
  ],
) {
  # Writers go on in the file that they have open: nobody has to be told, nothing restarts.
  # The folders belong to the services' users; logrotate is told that this is meant.
  $config = [
    $logs,
    '{',
    "  ${interval}",
    "  maxsize ${maxsize}",
    "  rotate ${rotate}",
    "  maxage ${purge_after_days}",
    '  su root root',
    '  copytruncate',
    '  compress',
    '  delaycompress',
    '  missingok',
    '  notifempty',
    '}',
    '',
  ]
  file { '/etc/logrotate-crond.conf':
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => join(flatten($config), "\n"),
  }

  # Rotated files of a log that is gone are known to logrotate no more. What is said goes to the container's output.
  $run = 'logrotate --state /var/lib/logrotate/logrotate-crond.status /etc/logrotate-crond.conf'
  $purge = "find /var/log/containers -type f -name '*.log.*' -mtime +${purge_after_days} -delete"
  $table = [
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    "${minute} ${hour} * * * root { ${run}; ${purge}; } > /proc/1/fd/1 2>&1",
    '',
  ]
  file {
    default:
      owner => 'root',
      group => 'root';
    '/etc/cron.d':
      ensure => directory,
      mode   => '0755';
    '/etc/cron.d/logrotate-crond':
      mode    => '0644',
      content => join($table, "\n");
  }

  treadle::healthcheck { 'logrotate_crond':
    command => 'exec pgrep -x cron',
  }
}
