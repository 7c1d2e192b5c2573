# frozen_string_literal: true

# Ruby takes a third of a second to compile what each Puppet loads. Treadle's base image has Ruby's own library, Puppet,
# Facter and the modules' types and functions compiled (images/template-overrides.j2); here they are taken from there.
# A file that is another than the one that was compiled, or in an image without any, is compiled as usual.
module Compiled
  FOLDER = '/usr/share/treadle/compiled'

  # Ruby asks for the instructions of each file that it is about to load; nil where it has to compile it itself.
  def load_iseq(path)
    compiled = FOLDER + path
    return unless File.exist?(compiled) && File.mtime(compiled).to_i == File.mtime(path).to_i

    load_from_binary(File.binread(compiled))
  rescue SystemCallError, RuntimeError # it has just gone; it is another Ruby's
    nil
  end
end

# Ahead of the class itself, which says that it has no such method.
RubyVM::InstructionSequence.singleton_class.prepend(Compiled)
