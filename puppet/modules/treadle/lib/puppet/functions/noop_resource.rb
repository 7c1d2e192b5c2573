# frozen_string_literal: true

# Keeps every resource of one type in the catalog but lets none of them look at or change the system.
#
# Configuration is generated in a transient container, where packages are installed already and no service
# runs. Puppet's `noop` would still ask the provider for the present state (apt-cache, mysql, rabbitmqctl);
# tags do not keep such resources out either, because a define's title becomes a tag of all it declares.
# Ordering and notifications that pass through the resources stay as they are.
#
# The function's name is that of puppet-tripleo, so that TripleO's manifests work.
Puppet::Functions.create_function(:noop_resource) do
  # @param type_name Name of a resource type, such as 'Package'
  # @example noop_resource('Package')
  dispatch :silence do
    param 'String[1]', :type_name
  end

  def silence(type_name)
    type = Puppet::Type.type(type_name.downcase.to_sym)
    raise Puppet::ParseError, "noop_resource: there is no resource type #{type_name}" if type.nil?
    return if type.singleton_class.method_defined?(:treadle_silenced?)

    type.define_singleton_method(:treadle_silenced?) { true }
    silence_providers(type)
    silence_instances(type)
  end

  def silence_providers(type)
    type.providers.map { |name| type.provider(name) }.compact.each do |provider|
      provider.define_singleton_method(:prefetch) { |_resources| nil } if provider.respond_to?(:prefetch)
      provider.define_singleton_method(:instances) { [] }
    end
  end

  # A resource without properties is always in sync; `ensure` is asked for apart from the others.
  def silence_instances(type)
    type.class_eval do
      define_method(:suitable?) { true }
      define_method(:retrieve_resource) { Puppet::Resource.new(self.class, title) }
      define_method(:properties) { [] }
      define_method(:parameter) { |name| name == :ensure ? nil : super(name) }
      define_method(:refresh) { nil } if method_defined?(:refresh)
      define_method(:check_all_attributes) { |*_refreshing| false } if method_defined?(:check_all_attributes)
    end
  end
end
