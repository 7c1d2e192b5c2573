# frozen_string_literal: true

# Files of OpenStack's options without needless work: puppet-openstacklib reads and parses the whole file anew for each
# option that it looks at, and there are hundreds in a file.
module Options
  # Makes the next reading of a file, where nothing has happened to it since, the last one.
  def self.install
    return unless defined?(Puppet::Util::OpenStackConfig)

    Puppet::Util::OpenStackConfig.singleton_class.prepend(Reading)
    Puppet::Util::OpenStackConfig.prepend(Writing)
  end

  def self.stamp(path)
    seen = File.stat(path)
    [seen.ino, seen.size, seen.mtime.to_r]
  rescue Errno::ENOENT
    nil
  end

  # In the place of the class.
  module Reading
    def new(path)
      @read ||= {}
      stamped, known = @read[path]
      return known if stamped && stamped == Options.stamp(path)

      stamped = Options.stamp(path)
      super.tap { |config| keep(config, stamped) }
    end

    def keep(config, stamped)
      @read[config.path] = [stamped, config]
    end
  end

  # In the place of its objects.
  module Writing
    def save
      super.tap { self.class.keep(self, Options.stamp(path)) }
    end
  end
end
