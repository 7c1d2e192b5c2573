# frozen_string_literal: true

require File.expand_path('../treadle_identity', __dir__)

Puppet::Type.type(:keystone_endpoint).provide(:treadle, parent: Puppet::Provider::TreadleIdentity) do
  desc 'The endpoints of one service in one region, over HTTP.'

  INTERFACES = %w[public internal admin].freeze

  def endpoints
    @endpoints ||= begin
      service = api.list('services', { 'name' => resource[:name], 'type' => resource[:type] }).first
      query = { 'service_id' => service && service['id'], 'region_id' => resource[:region] }
      (service ? api.list('endpoints', query) : []).to_h { |endpoint| [endpoint['interface'], endpoint] }
    end
  end

  def exists?
    !endpoints.empty?
  end

  def create
    INTERFACES.each { |interface| put(interface, resource[:"#{interface}_url"]) }
  end

  def destroy
    endpoints.each_value { |endpoint| api.delete("endpoints/#{endpoint['id']}") }
    @endpoints = {}
  end

  def flush; end

  def id
    endpoints.values.map { |endpoint| endpoint['id'] }.join(',')
  end

  INTERFACES.each do |interface|
    define_method(:"#{interface}_url") { endpoints.dig(interface, 'url').to_s }
    define_method(:"#{interface}_url=") { |url| put(interface, url) }
  end

  private

  def put(interface, url)
    return if url.to_s.empty?

    known = endpoints[interface]
    endpoints[interface] =
      if known
        api.update('endpoints', known['id'], { 'url' => url })
      else
        service = api.id_of('services', resource[:name], { 'type' => resource[:type] })
        api.create('endpoints', { 'service_id' => service, 'interface' => interface, 'url' => url,
                                  'region_id' => resource[:region] })
      end
  end
end
