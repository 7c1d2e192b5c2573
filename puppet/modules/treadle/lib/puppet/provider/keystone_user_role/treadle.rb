# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_user_role).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'Roles of a user on a project, a domain or the system, over HTTP.'

  def roles
    @roles ||= api.made?(user) ? [] : api.list(path).map { |role| role['name'] }
  end

  def exists?
    !roles.empty?
  end

  def create
    self.roles = resource[:roles]
  end

  def destroy
    self.roles = []
  end

  def roles=(wanted)
    (Array(wanted) - roles).each { |name| api.put("#{path}/#{api.id_of('roles', name)}") }
    (roles - Array(wanted)).each { |name| api.delete("#{path}/#{api.id_of('roles', name)}") }
    @roles = Array(wanted)
  end

  def flush; end

  private

  def path
    @path ||= "#{target}/users/#{user}/roles"
  end

  def user
    @user ||= api.id_of('users', resource[:user], { 'domain_id' => domain_id(resource[:user_domain]) })
  end

  def target
    if resource.parameter_set?(:project)
      domain = domain_id(resource[:project_domain])
      "projects/#{api.id_of('projects', resource[:project], { 'domain_id' => domain })}"
    elsif resource.parameter_set?(:domain)
      "domains/#{domain_id}"
    else
      'system'
    end
  end
end
