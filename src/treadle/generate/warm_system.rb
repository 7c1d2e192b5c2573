# frozen_string_literal: true

require 'fiddle'

# System calls that Ruby has no words for. Numbers: linux/sched.h, linux/prctl.h, linux/capability.h.
module System
  MOUNTS = 0x00020000
  FOLDERS = 0x00000200
  DROP_FROM_BOUND = 24
  SYS_ADMIN = 21
  VERSION = 0x20080522

  def self.call(name, *arguments)
    types = arguments.map { |argument| argument.is_a?(String) ? Fiddle::TYPE_VOIDP : Fiddle::TYPE_LONG }
    done = Fiddle::Function.new(Fiddle::Handle::DEFAULT[name], types, Fiddle::TYPE_INT).call(*arguments)
    raise SystemCallError.new(name, Fiddle.last_error) if done.negative?
  end

  def self.enter_mounts(process)
    File.open("/proc/#{process}/ns/mnt") do |file|
      call('unshare', FOLDERS) # with Ruby's timer thread, which stays where it is
      call('setns', file.fileno, MOUNTS)
    end
  end

  # For this process and all that it starts.
  def self.give_up_admin
    call('prctl', DROP_FROM_BOUND, SYS_ADMIN, 0, 0, 0)
    header = [VERSION, 0].pack('L2')
    sets = "\0" * 24
    call('capget', header, sets)
    words = sets.unpack('L6')
    3.times { |set| words[set] &= ~(1 << SYS_ADMIN) }
    call('capset', header, words.pack('L6'))
  end
end
