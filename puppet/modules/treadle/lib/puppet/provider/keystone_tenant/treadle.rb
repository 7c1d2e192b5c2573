# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_tenant).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'Projects, over HTTP.'
  entity 'projects', :enabled, :description

  def identity
    @identity ||= { 'name' => resource[:name], 'domain_id' => domain_id }
  end
end
