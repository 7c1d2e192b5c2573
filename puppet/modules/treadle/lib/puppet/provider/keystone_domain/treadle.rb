# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_domain).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'Domains, over HTTP.'
  entity 'domains', :enabled, :description

  # Keystone wants a domain disabled before it goes.
  def destroy
    api.update('domains', id, { 'enabled' => false })
    super
  end

  def is_default # rubocop:disable Naming/PredicateName
    id == 'default' ? :true : :false
  end

  def is_default=(_value) # rubocop:disable Naming/PredicateName
    raise Puppet::Error, 'The default domain is an option of keystone.conf: [identity] default_domain_id'
  end
end
