import CEBPF

/// The address of a helper, as machine code calls it.
func address(of helper: ebpf_helper) -> UInt64 { UInt64(UInt(bitPattern: unsafeBitCast(helper, to: UnsafeRawPointer.self))) }

/// What machine code calls for `bpf_tail_call`: the address at which the program that a prog array holds is entered, or 0.
let compiledTailCall: ebpf_helper = { _, array, index, _, _, environment in
  tailCallTarget(environment, array, index)?.pointee.tail_call_entry ?? 0
}

/// What machine code calls for `LD_ABS` and `LD_IND`: the value, or -1 where the packet has no such bytes.
let compiledPacketLoad: ebpf_helper = { _, offset, size, _, _, environment in
  guard let packet = PacketState.of(environment),
    let value = packet.pointee.loadBigEndian(at: Int32(truncatingIfNeeded: offset), size: Int(size))
  else { return .max }
  return value
}

/// What machine code calls for `callx`: a helper by its number, or a function of the program by its address.
let compiledIndirectCall: ebpf_indirect_call = { r1, r2, r3, r4, r5, environment, callee in
  if callee < UInt64(HelperTable.capacity) {
    guard let helper = helper(in: environment, numbered: callee) else {
      runState(environment).pointee.stopped = .unknownHelper
      return 0
    }
    return helper(r1, r2, r3, r4, r5, environment)
  }
  return unsafeBitCast(UInt(callee), to: ebpf_helper.self)(r1, r2, r3, r4, r5, environment)
}
