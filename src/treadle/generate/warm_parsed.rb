# frozen_string_literal: true

# Modules without needless work: what most volumes parse is parsed once, and nobody looks twice for what is not there.

# Comments of many lines, which most of a documented manifest is, are one step of the lexer instead of two for each line.
# Positions stay what they are: they are found out from the text.
module Comments
  # As far as the last of such lines, which is left to the lexer: it takes note of where a line begins.
  LINES = /(?:#.*\n[[:blank:]\r]*(?=#))+/

  def initialize
    super
    last = @selector['#']
    @selector = @selector.merge('#' => lambda {
      # Behind the head of a heredoc the next line is not what follows.
      @scanner.skip(LINES) unless @lexing_context[:newline_jump]
      last.call
    })
  end
end

# Resource types that are written in Puppet's language: each resource of a catalog asks every module for its type's.
module Absent
  def find(typed_name)
    return super unless typed_name.type == :resource_type_pp && !typed_name.qualified?

    @absent ||= {}
    return if @absent.include?(typed_name)

    super.tap { |found| @absent[typed_name] = true if found.nil? }
  end
end

# Providers: each type looks for its own in every folder from which code is loaded, and hardly any has one of them.
module Homes
  @known = {}

  # What the folders hold; another container's hold something else.
  def self.forget
    @known.clear
  end

  def self.children(folder)
    @known[folder] ||= Dir.exist?(folder) ? Dir.children(folder) : []
  end

  def files_in_dir(dir, path)
    around, own = File.split(path)
    Homes.children(File.join(dir, around)).include?(own) ? super : []
  end
end

# Parsed manifests and EPP templates, by path.
module Parsed
  # Of the modules that OpenStack's own have in common, what most of their catalogs include, or what is long.
  USUAL = %w[
    apache/{init,params,vhost} keystone/{init,deps,params,resource/authtoken} mysql/{params,bindings,bindings/python}
    cinder/{init,params,logging,deps,db} concat/{init,fragment}
    openstacklib/{defaults,policy,policy/default} stdlib/init
    oslo/{init,params,log,db,cache,cors,concurrency,policy,middleware,messaging/{rabbit,default,notifications}}
    treadle/{cache,healthcheck,identity,init_database,messaging,uwsgi_api}
  ].freeze

  READY = '/usr/share/treadle/parsed'
  @known = {}

  def self.install
    Puppet::Pops::Parser::Lexer2.prepend(Comments)
    Puppet::Pops::Loader::DependencyLoader.prepend(Absent)
    Puppet::Pops::Parser::EvaluatingParser.prepend(Remembering)
    Puppet::Util::Autoload.singleton_class.prepend(Homes)
  end

  # Parses the usual manifests of the modules in `folders`. What there is a warning for is parsed where it is wanted, so
  # that the warning is seen there.
  def self.read(folders)
    parser = Puppet::Pops::Parser::EvaluatingParser.new
    USUAL.each do |name|
      pattern = name.sub('/', '/manifests/')
      Dir.glob(folders.map { |folder| "#{folder}/#{pattern}.pp" }).each do |path|
        model = ready(path) || sound(parser, path)
        keep(path, model) if model
      rescue Puppet::Error
        next # whoever needs that manifest hears what is wrong with it
      end
    end
  end

  def self.sound(parser, path)
    model = parser.parser.parse_file(path).model
    model if parser.validate(model).diagnostics.empty?
  end

  # The manifest as the base image holds it parsed (images/template-overrides.j2), by this very Puppet and from this
  # very file; nothing where there was a warning for it.
  def self.ready(path)
    parsed = "#{READY}/#{Puppet.version}#{path}"
    return unless File.exist?(parsed) && File.mtime(parsed).to_i == File.mtime(path).to_i

    Marshal.load(File.binread(parsed)) # as trustworthy as the image's Puppet
  rescue SystemCallError, ArgumentError, TypeError # it has just gone, or is damaged
    nil
  end

  # The manifest as it was parsed, if it is the same file still.
  def self.known(path)
    stamped, model = @known[path]
    model if stamped && stamped == stamp(path)
  end

  def self.keep(path, model)
    @known[path] = [stamp(path), model]
    model
  end

  def self.stamp(path)
    seen = File.stat(path)
    [seen.size, seen.mtime.to_r]
  end

  # In the place of Puppet's parser.
  module Remembering
    def parse_file(file)
      known = Parsed.known(file) || Parsed.ready(file)
      return known if known

      # A manifest is read once by each run, a template for each time that it is filled in.
      file.end_with?('.epp') ? Parsed.keep(file, super) : super
    end
  end
end
