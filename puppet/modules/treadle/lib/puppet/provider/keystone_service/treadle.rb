# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_service).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'Services of the catalog, over HTTP.'
  entity 'services', :description

  def identity
    { 'name' => resource[:name], 'type' => resource[:type] }
  end
end
