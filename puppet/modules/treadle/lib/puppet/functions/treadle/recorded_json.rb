# A Hiera 5 backend: JSON layers, first one wins, that writes down which keys were looked up.
#
# What Puppet asked for is all that its result can depend on, so a config volume needs to be generated again
# only when one of these values changed. The record is a file, one key a line, named by the option `record`.
require 'json'
require 'set'

Puppet::Functions.create_function(:'treadle::recorded_json') do
  dispatch :recorded_json do
    param 'String', :key
    param 'Struct[{path => String, Optional[record] => String}]', :options
    param 'Puppet::LookupContext', :context
  end

  def recorded_json(key, options, context)
    record(key, options['record'])
    path = options['path']
    data = context.cached_value(path)
    if data.nil?
      data = context.cached_file_data(path) { |text| JSON.parse(text) }
      context.cache(path, data)
    end
    return context.not_found unless data.key?(key)
    context.interpolate(data[key])
  end

  def record(key, file)
    return if file.nil?
    @asked ||= Set.new
    return unless @asked.add?(key)
    @record ||= File.open(file, 'a')
    @record.syswrite("#{key}\n")
  end
end
