# frozen_string_literal: true

require 'rexml/document'

module PuppetX
  module Treadle
    # What has to change in a CIB so that it has a part's elements. A mark on the `configuration`, which Pacemaker keeps
    # as a cluster property, says which ones the part had before.
    class Cib
      # Operators stop resources and take them into their own hands by these.
      THEIRS = 'meta_attributes'

      def initialize(text)
        @document = REXML::Document.new(text)
      end

      # Ids that differ from what the part `name` says; `wanted` is XML.
      def differing(name, wanted)
        elements = self.class.elements(wanted)
        changed = elements.reject { |id, (section, element)| same?(find(section, id), element) }
        changed.keys + (had(name) - elements.keys)
      end

      # Make it so; gives the whole CIB as text.
      def merge(name, wanted)
        elements = self.class.elements(wanted)
        (had(name) - elements.keys).each { |id| configuration.each_element("*/*[@id='#{id}']", &:remove) }
        elements.each { |id, (section, element)| put(section, find(section, id), element) }
        mark(name, elements.keys)
        @document.to_s
      end

      # `{id => [section, element]}`
      def self.elements(text)
        REXML::Document.new(text).root.elements.flat_map do |section|
          section.elements.map { |element| [element.attributes['id'], [section.name, element]] }
        end.to_h
      end

      private

      def configuration
        @document.root.elements['configuration']
      end

      def find(section, id)
        configuration.elements["#{section}/*[@id='#{id}']"]
      end

      def mark_id(name)
        "#{name}-part"
      end

      def had(name)
        known = configuration.elements["crm_config/cluster_property_set[@id='#{mark_id(name)}']/nvpair"]
        known ? known.attributes['value'].split : []
      end

      def mark(name, ids)
        id = mark_id(name)
        set = REXML::Element.new('cluster_property_set')
        set.add_attribute('id', id)
        set.add_element('nvpair', 'id' => "#{id}-ids", 'name' => "#{name}-elements", 'value' => ids.join(' '))
        put('crm_config', find('crm_config', id), set)
      end

      def put(section, present, element)
        made = element.deep_clone
        if present
          made.add_element(present.elements[THEIRS].deep_clone) if theirs?(present, element)
          present.parent.replace_child(present, made)
        else
          (configuration.elements[section] || configuration.add_element(section)).add_element(made)
        end
      end

      def theirs?(present, element)
        present.elements[THEIRS] && !element.elements[THEIRS]
      end

      def same?(present, element)
        !present.nil? && plain(present, theirs?(present, element)) == plain(element, false)
      end

      # Names, attributes and children, without blanks and order of attributes.
      def plain(element, without_theirs)
        children = element.elements.reject { |child| without_theirs && child.name == THEIRS }
        [element.name, element.attributes.to_h { |key, value| [key, value] }, children.map { |one| plain(one, false) }]
      end
    end
  end
end
