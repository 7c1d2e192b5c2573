# frozen_string_literal: true

Puppet::Type.newtype(:pacemaker_configuration) do
  desc 'A part of what a Pacemaker cluster is configured to do: elements of the CIB, by their ids. What others put
    there, by pcs or otherwise, is left alone, also meta attributes of these elements; what this part had before and
    has no longer goes.'

  newparam(:name, namevar: true) do
    desc 'What the part is called.'
  end

  newproperty(:content) do
    desc 'A `configuration` with sections and their elements, in XML.'

    # What differs is said by its ids, not by both documents as a whole.
    def insync?(_is)
      provider.differing(should).empty?
    end

    def change_to_s(_is, should)
      "changed: #{@changed || provider.differing(should).join(', ')}"
    end

    def set(value)
      @changed = provider.differing(value).join(', ')
      provider.content = value
    end
  end
end
