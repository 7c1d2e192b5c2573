# frozen_string_literal: true

require 'tempfile'
require_relative '../../../puppet_x/treadle/cib'

Puppet::Type.type(:pacemaker_configuration).provide(:cibadmin) do
  desc 'All of it in one replacement, which the cluster refuses where somebody changed the CIB meanwhile.'

  commands cibadmin: 'cibadmin'

  def content
    :present
  end

  def content=(wanted)
    text = PuppetX::Treadle::Cib.new(cibadmin('--query')).merge(resource[:name], wanted)
    Tempfile.create('cib') do |file|
      file.write(text)
      file.flush
      cibadmin('--replace', '--xml-file', file.path)
    end
  end

  def differing(wanted)
    PuppetX::Treadle::Cib.new(cibadmin('--query')).differing(resource[:name], wanted)
  end
end
