# frozen_string_literal: true

# What is loaded in the warm Puppet, and whether a container would load the same.

# What these find out belongs to the machine, or to the files of WATCHED. All others are asked anew in each container.
MACHINE = %w[
  Containers DebianVersion Disks DmiBios DockerUptime Filesystems FipsEnabled LoadAverages Lscpu Lspci LsbRelease Memory
  Mountpoints Networking OpenVz OsRelease Partitions Processors SELinux Uname Uptime VirtWhat Xen
].freeze
WATCHED = %w[
  /etc/puppet/puppet.conf /etc/os-release /etc/lsb-release /etc/debian_version /usr/bin/lsb_release /usr/bin/ruby
  /usr/bin/puppet /etc/localtime
].freeze
# What these find out belongs to files that are the same in most images: where they are, it is not asked anew.
BY_FILES = { 'Augeas' => '/usr/{bin/augparse,lib/*/libaugeas.so*}' }.freeze
# Read when Ruby starts, so a fork cannot take them over.
AT_START = /\A(?:RUBY(?!_GC_)|GEM_|LANG|LC_|TZ\z|LD_|HOME\z|XDG_)/

# Which files were loaded that Ruby does not remember: Puppet loads types and providers again where they changed.
module Loads
  @files = []
  singleton_class.attr_reader :files

  def load(file, *)
    Loads.files << file
    super
  end
end

# What is loaded here, by which a container is recognized that would load the same.
class Loaded
  def initialize
    maps = File.readlines('/proc/self/maps').filter_map { |line| line.split(' ', 6)[5]&.strip }
    files = ($LOADED_FEATURES + Loads.files + maps + WATCHED).uniq
    @stamps = stamps(files.select { |file| file.start_with?('/') && !file.start_with?('/treadle/warm') })
    @others = BY_FILES.transform_values { |pattern| stamps(Dir.glob(pattern)) }
    @settings = settings(ENV)
  end

  # Why a process with `environment` and these files cannot be a fork of this one; nil if it can.
  def differs(environment)
    other = settings(environment)
    name = (@settings.keys | other.keys).find { |key| @settings[key] != other[key] }
    return "#{name} is set otherwise" if name

    file = @stamps.keys.find { |path| stamp(path) != @stamps[path] }
    file && "#{file} is another"
  end

  # The resolvers of facts whose findings are those of the container too.
  def resolvers
    MACHINE + @others.reject { |_name, kept| kept.empty? || kept != stamps(kept.keys) }.keys
  end

  private

  def stamps(files)
    files.to_h { |file| [file, stamp(file)] }
  end

  def stamp(file)
    seen = File.stat(file)
    [seen.size, seen.mtime.to_r]
  rescue SystemCallError
    nil
  end

  def settings(environment)
    environment.to_h.select { |key, _value| key.match?(AT_START) }
  end
end
