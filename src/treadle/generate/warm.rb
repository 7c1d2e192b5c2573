# frozen_string_literal: true

# A warm Puppet: loads Puppet, its settings and the machine's facts once, then forks one `puppet apply` for each config
# volume. Runs in a container of its own, whose process and network namespaces the volumes' containers share.
#
# generate.sh, in a volume's container, writes its process id and its turn into /treadle/warm/ask, and its arguments of
# `puppet apply` into /treadle/warm/PID.arguments. The fork enters that container's mount namespace (for that alone this container has
# CAP_SYS_ADMIN; a chroot into /proc/PID/root needs none, but the kernel ignores set-id bits there, crontab's for one),
# gives the capability up, takes that process' environment and output, and is `puppet apply` from there on: the same
# code on the same files. The answer goes into the FIFO /treadle/warm/PID: Puppet's exit code; `plain REASON` where the
# container's own Puppet has to run, because something that is loaded here is not what lies there; `died REASON` where
# the fork was killed.

require_relative 'compiled'
require_relative 'warm_facts'
require_relative 'warm_loaded'
require_relative 'warm_options'
require_relative 'warm_parsed'
require_relative 'warm_system'

FOLDER = '/treadle/warm'
# What is loaded beforehand, where there is such a type: what nearly every catalog has, and OpenStack's options. To
# them come the types that the volumes' tags name: many are of several volumes.
USUAL_TYPES = %i[
  file exec package service cron user group notify resources whit anchor
  file_line concat_file concat_fragment ini_setting openstack_config keystone_uwsgi_config
].freeze

# What each property was before is written down after a run by an agent only, which this is not.
module Forgetting
  def persist_system_values(*)
    nil
  end
end

# Puppet as it is just before `puppet apply` looks at anything of its own.
class WarmPuppet
  SECTIONS = %i[main agent ssl].freeze # of Puppet's settings, as far as `apply` makes folders for them

  def initialize
    Kernel.singleton_class.prepend(Loads)
    require 'puppet/util/command_line'
    require 'puppet/application/apply'
    require 'puppet/configurer'
    require 'puppet/indirector/facts/facter'
    require 'puppet/parser/templatewrapper'
    Puppet.initialize_settings(["--modulepath=#{ENV.fetch('MODULEPATH')}"])
    load_plugins
    Facter::Core::Execution::Base.prepend(SaidOnce)
    LaterFacts.install
    Parsed.install
    SaidOnce.during { rehearse }
    Options.install
    Puppet::Transaction::ResourceHarness.prepend(Forgetting)
    Parsed.read(ENV.fetch('MODULEPATH').split(':'))
    use_folders
    remember_values
  end

  # Be `puppet apply ARGUMENTS`; ends with SystemExit. What the resolvers of facts with the names `kept` know is known.
  def apply(arguments, kept)
    Facter::SessionCache.define_singleton_method(:invalidate_all_caches) do
      known, others = @resolvers.uniq.partition { |resolver| kept.include?(resolver.name.split('::').last) }
      others.each(&:invalidate_cache)
      @resolvers = known
    end
    use_options(arguments)
    # Private, but the only way short of reading the settings anew; `puppet` itself does this before it has a subcommand.
    Puppet.settings.send(:parse_global_options, arguments)
    Puppet.runtime[:facter].reset
    Puppet.lookup(:environments).clear_all
    Homes.forget
    Puppet::Type.eachtype { |type| type.defaultprovider = nil }
    @folders.each { |path, mode| Dir.exist?(path) || FileUtils.mkdir_p(path, mode: mode) }
    Puppet.settings.define_singleton_method(:use) { |*sections| super(*(sections.map(&:to_sym) - SECTIONS)) }
    Puppet::Application::Apply.new(Puppet::Util::CommandLine.new('puppet', ['apply', *arguments])).run
  end

  private

  # Of Puppet's 300 settings, each of which is an option, the parsers get to know those that are given.
  def use_options(arguments)
    given = arguments.filter_map { |argument| argument[/\A--(?:no-)?([a-z_-]+)/, 1] }
    Puppet.settings.define_singleton_method(:optparse_addargs) do |options|
      super(options).select { |option| given.include?(option.first[/[a-z_]+\z/]) }
    end
  end

  # As Puppet::Util::CommandLine does before it runs a subcommand.
  def load_plugins
    environment = Puppet.lookup(:environments).get(Puppet[:environment])
    environment.each_plugin_directory { |folder| $LOAD_PATH << folder unless $LOAD_PATH.include?(folder) }
    Puppet::ModuleTranslations.load_from_modulepath(environment.modules)
    Puppet::ModuleTranslations.load_from_vardir(Puppet[:vardir])
    Puppet.runtime[:facter].reset
  end

  # Puppet makes its own folders (state, cache, logs) by applying a catalog of them. Here that is done once, and noted.
  def use_folders
    @folders = Puppet.settings.to_catalog(*SECTIONS).resources.filter_map do |resource|
      next unless resource.type == 'File' && resource[:ensure] == :directory

      [resource[:path] || resource.title, Integer(resource[:mode] || '0755', 8)]
    end
    Puppet.settings.use(*SECTIONS)
  end

  # Types and providers ask for a fact each time that they need it, and Facter then searches its folders again.
  def remember_values
    known = {}
    Facter.singleton_class.prepend(Module.new do
      define_method(:value) { |name| known.fetch(name.to_s) { known[name.to_s] = super(name) } }
      %i[add clear define_fact flush reset].each do |change|
        define_method(change) { |*given, **options, &block| known.clear && super(*given, **options, &block) }
      end
    end)
  end

  # Compile a small catalog and find all facts: both load the code that every run needs. The results are thrown away.
  def rehearse
    environment = Puppet.lookup(:environments).get(Puppet[:environment])
                        .override_with(manifest: Puppet::Node::Environment::NO_MANIFEST)
    loaders = Puppet::Pops::Loaders.new(environment, false, false)
    Puppet.override({ current_environment: environment, loaders: loaders }, 'rehearsal') do
      facts = Puppet::Node::Facts.indirection.find('rehearsal', environment: environment)
      node = Puppet::Node.new('rehearsal', facts: facts, environment: environment)
      node.merge(facts.values)
      Puppet[:code] = "file { '/tmp/rehearsal': content => 'x' }"
      Puppet::Parser::Compiler.compile(node).to_ral.finalize
      Puppet[:code] = ''
      (USUAL_TYPES + ENV.fetch('TYPES', '').split(',').map(&:to_sym)).uniq.each { |name| Puppet::Type.type(name)&.providers }
      { node: :plain, report: :yaml }
        .each { |indirection, name| Puppet::Indirector::Terminus.terminus_class(indirection, name) }
      Puppet::Resource::Catalog.indirection.terminus(:compiler) # it asks for the names and addresses of the machine
    end
  end
end

# One config volume's run: the process that asked, and the fork that works for it.
class Run
  attr_reader :asker, :fork

  def initialize(asker)
    @asker = asker
    # Files are opened while the warm container's own are seen: they lie in a folder that both have.
    @arguments = File.read("#{FOLDER}/#{asker}.arguments").split("\0")
    @reason = "#{FOLDER}/#{asker}.reason"
  end

  def begin(puppet, loaded)
    @fork = Process.fork do
      Process.setpgid(0, 0)
      reason = File.new(@reason, 'w')
      begin
        environment = enter
        difference = loaded.differs(environment)
      rescue SystemCallError => e
        difference = e.message
      end
      if difference
        reason.syswrite("plain #{difference}")
        exit!(1)
      end
      ENV.replace(environment)
      exit!(status_of { puppet.apply(@arguments, loaded.resolvers) })
    end
  end

  # Whoever asked is gone: nobody waits for the result.
  def end_if_deserted
    Process.kill(0, @asker)
  rescue Errno::ESRCH
    begin
      Process.kill(:KILL, -@fork)
    rescue Errno::ESRCH
      nil # it has just ended by itself
    end
  end

  def answer(status)
    said = File.exist?(@reason) ? File.read(@reason) : ''
    said = status.signaled? ? "died by signal #{status.termsig}" : status.exitstatus.to_s if said.empty?
    File.open("#{FOLDER}/#{@asker}", File::WRONLY | File::NONBLOCK) { |fifo| fifo.puts(said) }
  rescue Errno::ENXIO, Errno::ENOENT
    nil # whoever asked is gone
  end

  private

  # With `exit!`, because Ruby would take its whole heap apart first.
  def status_of
    yield
    0
  rescue SystemExit => e
    e.status
  rescue Exception => e # rubocop:disable Lint/RescueException -- Ruby's own end says the same and gives 1
    warn e.full_message
    1
  end

  # Into the mounts, the output and the environment of the process that asked. Gives the environment.
  def enter
    home = "/proc/#{@asker}"
    environment = File.binread("#{home}/environ").force_encoding(Encoding.default_external).split("\0")
                      .to_h { |pair| pair.split('=', 2) }
    $stdout.reopen(File.open("#{home}/fd/1", 'w'))
    $stderr.reopen(File.open("#{home}/fd/2", 'w'))
    $stdout.sync = true
    $stdin.reopen(File::NULL)
    System.enter_mounts(@asker)
    System.give_up_admin
    Dir.chdir('/')
    environment
  end
end

# Forks for whoever asks, so many at a time, until the container is removed.
class Server
  def initialize(puppet, loaded, workers)
    @puppet = puppet
    @loaded = loaded
    @workers = workers
    @waiting = []
    @runs = []
  end

  def serve
    # Open for writing as well: a FIFO without a writer would be at its end.
    asked = File.open("#{FOLDER}/ask", File::RDWR | File::NONBLOCK)
    rest = +''
    loop do
      if asked.wait_readable(0.01)
        rest << asked.read_nonblock(4096)
        *lines, rest = rest.split("\n", -1)
        @waiting.concat(lines.map { |line| line.split.map(&:to_i) }).sort_by!(&:last)
      end
      finish
      start while @runs.size < @workers && !@waiting.empty?
    end
  end

  private

  def start
    run = Run.new(@waiting.shift.first)
    run.begin(@puppet, @loaded)
    @runs << run
  rescue SystemCallError => e
    warn "treadle: #{e.message}"
  end

  def finish
    @runs.reject! do |run|
      pid, status = Process.waitpid2(run.fork, Process::WNOHANG)
      pid ? run.answer(status) : run.end_if_deserted
      pid
    end
  end
end

if $PROGRAM_NAME == __FILE__
  require 'io/wait'
  puppet = WarmPuppet.new
  loaded = Loaded.new
  Server.new(puppet, loaded, Integer(ENV.fetch('WORKERS'))).serve
end
