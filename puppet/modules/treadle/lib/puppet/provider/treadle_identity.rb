# frozen_string_literal: true

require File.expand_path('../../puppet_x/treadle/identity', __dir__)

# What the providers of keystone's types have in common: puppet-keystone's own ones start the `openstack` client for
# each question and show passwords in the list of processes; these talk to Keystone themselves.
class Puppet::Provider::TreadleIdentity < Puppet::Provider
  # Over every other provider of the same type.
  def self.specificity
    10_000
  end

  # Names as puppet-keystone's types expect them of their provider.
  def self.resource_to_name(domain, name, check_for_default = true)
    check_for_default && domain == 'Default' ? name : "#{name}::#{domain}"
  end

  # Declares that resources are entities of `kind`, with the properties that are attributes there.
  def self.entity(kind, *properties)
    define_method(:kind) { kind }
    properties.each do |property|
      define_method(property) { current(property) }
      define_method(:"#{property}=") { |value| changes[property.to_s] = plain(value) }
    end
    define_method(:attributes) do
      properties.reject { |property| resource[property].nil? }
                .to_h { |property| [property.to_s, plain(resource[property])] }
    end
  end

  def api
    PuppetX::Treadle::Identity.instance
  end

  # What tells the entity from all others of its kind, as attributes of the API.
  def identity
    { 'name' => resource[:name] }
  end

  def found
    @found = api.list(kind, identity).first unless defined?(@found)
    @found
  end

  def exists?
    !found.nil?
  end

  def create
    @found = api.create(kind, identity.merge(attributes))
    changes.clear
  end

  def destroy
    api.delete("#{kind}/#{id}")
    @found = nil
    changes.clear
  end

  def flush
    return if changes.empty? || found.nil?

    @found = api.update(kind, id, changes)
    @changes = {}
  end

  def id
    found && found['id']
  end

  def domain_id(name = resource[:domain])
    api.id_of('domains', name)
  end

  def changes
    @changes ||= {}
  end

  private

  def current(property)
    value = found && found[property.to_s]
    [true, false].include?(value) ? value.to_s.to_sym : value.to_s
  end

  def plain(value)
    { true: true, false: false }.fetch(value, value)
  end
end
