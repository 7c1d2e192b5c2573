# frozen_string_literal: true

require 'json'
require 'net/http'
require 'openssl'
require 'uri'
require 'yaml'

module PuppetX
  module Treadle
    # Keystone's Identity API v3 over HTTP, in this process: one token for a whole run, and no secret on any command
    # line. Where to log in comes from the cloud `system` in a clouds.yaml.
    class Identity
      CLOUDS = '/etc/openstack/puppet/admin-clouds.yaml'
      CAS = '/etc/openstack/puppet/ca.crt' # beside those that the system knows, where the cloud has its own
      PATIENCE = 120 # seconds for a Keystone that is starting
      FEW = %w[domains roles services endpoints].freeze # asked for as a whole, once

      def self.instance
        @instance ||= new(YAML.safe_load(File.read(CLOUDS), aliases: true).dig('clouds', 'system'))
      end

      def initialize(cloud)
        @cloud = cloud
        @auth = cloud['auth']
        @ids = {}
        @all = {}
        @made = []
        @base = URI("#{@auth['auth_url'].sub(%r{/v3/?\z}, '').chomp('/')}/v3")
      end

      # All entities of `kind` (such as "users") that match, as maps.
      def list(kind, query = {})
        return fetch(kind, query) unless FEW.include?(kind)

        @all[kind] ||= fetch(kind)
        @all[kind].select { |entity| query.all? { |key, value| entity[key] == value } }
      end

      def create(kind, body)
        entity = request(:Post, kind, { singular(kind) => body })[singular(kind)]
        @all[kind]&.push(entity)
        @made << entity['id']
        @ids[[kind, entity['name'], body.slice('domain_id')]] = entity['id']
        entity
      end

      # Whether this run made it: then it has no more than this run gave it.
      def made?(id)
        @made.include?(id)
      end

      def update(kind, id, body)
        @all.delete(kind)
        request(:Patch, "#{kind}/#{id}", { singular(kind) => body })[singular(kind)]
      end

      def delete(path)
        @ids.clear
        @all.clear
        request(:Delete, path)
      end

      def put(path)
        request(:Put, path)
      end

      # The id of the one entity of that name, asked for once: domains, projects and roles are needed by each user.
      def id_of(kind, name, query = {})
        @ids[[kind, name, query]] ||= begin
          found = list(kind, { 'name' => name }.merge(query))
          raise Puppet::Error, "Keystone has #{found.size} of #{kind} named #{name}, expected one" if found.size != 1

          found.first['id']
        end
      end

      # Whether a user can log in with `password`.
      def password?(user_id, password)
        answer = send_request(:Post, 'auth/tokens', login({ 'id' => user_id, 'password' => password }), nil)
        return true if answer.is_a?(Net::HTTPCreated)
        return false if answer.is_a?(Net::HTTPUnauthorized)

        raise Puppet::Error, explain(:Post, 'auth/tokens', answer)
      end

      private

      def fetch(kind, query = {})
        path = query.empty? ? kind : "#{kind}?#{URI.encode_www_form(query)}"
        request(:Get, path)[File.basename(kind)]
      end

      def singular(kind)
        kind.chomp('s')
      end

      def login(user, scope = 'unscoped')
        { 'auth' => { 'identity' => { 'methods' => ['password'], 'password' => { 'user' => user } },
                      'scope' => scope } }
      end

      def token
        @token ||= begin
          user = { 'name' => @auth['username'], 'password' => @auth['password'],
                   'domain' => { 'name' => @auth['user_domain_name'] || 'Default' } }
          answer = send_request(:Post, 'auth/tokens', login(user, { 'system' => { 'all' => true } }), nil)
          raise Puppet::Error, explain(:Post, 'auth/tokens', answer) unless answer.is_a?(Net::HTTPCreated)

          answer['X-Subject-Token']
        end
      end

      def request(verb, path, body = nil)
        answer = send_request(verb, path, body, token)
        raise Puppet::Error, explain(verb, path, answer) unless answer.is_a?(Net::HTTPSuccess)

        answer.body.to_s.empty? ? {} : JSON.parse(answer.body)
      end

      # Only what changes nothing, or what the server did not take, is said again.
      def send_request(verb, path, body, token)
        until_time = Process.clock_gettime(Process::CLOCK_MONOTONIC) + PATIENCE
        begin
          answer = once(verb, path, body, token)
          raise Errno::ECONNREFUSED, "status #{answer.code}" if answer.is_a?(Net::HTTPServiceUnavailable)

          answer
        rescue SystemCallError, SocketError, Net::OpenTimeout, EOFError => e
          again = Process.clock_gettime(Process::CLOCK_MONOTONIC) < until_time
          again &&= verb == :Get || path == 'auth/tokens' || e.is_a?(Errno::ECONNREFUSED)
          raise Puppet::Error, "Keystone at #{@base} does not answer: #{e.message}" unless again

          sleep 1
          retry
        end
      end

      def once(verb, path, body, token)
        uri = URI("#{@base}/#{path}")
        message = Net::HTTP.const_get(verb).new(uri, { 'Accept' => 'application/json' })
        message['X-Auth-Token'] = token if token
        if body
          message['Content-Type'] = 'application/json'
          message.body = JSON.generate(body)
        end
        connection.request(message)
      end

      # One for the whole run; where the server has closed it, Net::HTTP opens it again.
      def connection
        return @connection if @connection&.started?

        options = { use_ssl: @base.scheme == 'https', open_timeout: 10, read_timeout: 60, cert_store: trusted }
        @connection = Net::HTTP.start(@base.hostname, @base.port, nil, nil, nil, nil, options)
      end

      def trusted
        @trusted ||= OpenSSL::X509::Store.new.tap do |store|
          store.set_default_paths
          store.add_file(CAS) if File.exist?(CAS)
        end
      end

      def explain(verb, path, answer)
        said = begin
          JSON.parse(answer.body).dig('error', 'message')
        rescue StandardError
          answer.message
        end
        "#{verb.upcase} #{@base}/#{path}: #{answer.code} #{said}"
      end
    end
  end
end
