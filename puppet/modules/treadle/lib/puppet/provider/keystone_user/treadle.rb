# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_user).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'Users, over HTTP: their passwords are on no command line.'
  entity 'users', :enabled, :description, :email, :password

  def identity
    @identity ||= { 'name' => resource[:name], 'domain_id' => domain_id }
  end

  # Keystone does not tell a password; it is the wanted one when one can log in with it.
  def password
    fixed = resource[:enabled] == :false || resource[:replace_password] == :false
    resource[:password] if fixed || api.password?(id, resource[:password])
  end
end
