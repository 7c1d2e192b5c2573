# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_role).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'Roles, over HTTP.'
  entity 'roles'
end
