# frozen_string_literal: true

require 'tempfile'

Puppet::Type.type(:mysql_user).provide(:treadle, parent: :mysql) do
  desc "puppetlabs-mysql's provider; statements, which hold the hashes of passwords, go in by standard input."

  commands mysql_raw: 'mysql'

  def self.specificity
    10_000
  end

  def self.mysql_caller(text_of_sql, type)
    words = type == 'system' ? [system_database] : ['--silent', '--skip-column-names']
    Tempfile.create('statement') do |file|
      file.write("#{text_of_sql}\n")
      file.flush
      Puppet::Util::Execution.execute([command(:mysql_raw), defaults_file, '--batch', *words].compact,
                                      stdinfile: file.path, failonfail: true, combine: true).scrub
    end
  end
end
