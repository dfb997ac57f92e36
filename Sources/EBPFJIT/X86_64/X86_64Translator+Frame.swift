internal import EBPFISA

extension X86_64Translator {
  /// What a function keeps on the machine's stack. From high to low: return address, rbp, the eBPF stack, the loop counter, saved registers.
  struct Frame {
    /// rbp is saved and is r10.
    var hasFramePointer = false
    /// Bytes below rbp.
    var stackBytes = 0
    /// Distance of the `may_goto` counter from rbp.
    var loopCounter: Int32 = 0
    /// eBPF registers r6 to r9 that are saved, a bit each.
    var saved: UInt16 = 0
    var savesEnvironment = false
    /// Eight bytes that only keep the stack aligned.
    var isPadded = false
  }

  /// Sets up ``frame`` and the machine's.
  mutating func prologue(isEntry: Bool, needsEnvironment: Bool) {
    frame = Frame()
    frame.saved = function.usedRegisters & 0b11_1100_0000
    frame.savesEnvironment = isEntry && needsEnvironment
    frame.hasFramePointer = function.usedRegisters & 1 << 10 != 0 || function.hasMayGoto
    frame.stackBytes = function.stackDepth
    if function.hasMayGoto {
      frame.stackBytes += 8
      frame.loopCounter = Int32(truncatingIfNeeded: -frame.stackBytes)
    }
    let pushes = frame.saved.nonzeroBitCount + (frame.savesEnvironment ? 1 : 0) + (frame.hasFramePointer ? 1 : 0)
    let isMisaligned = (8 + 8 * pushes + (frame.hasFramePointer ? frame.stackBytes : 0)) % 16 != 0
    if isMisaligned && (function.callsOut || function.callsLocal) {
      if frame.hasFramePointer { frame.stackBytes += 8 } else { frame.isPadded = true }
    }

    if frame.hasFramePointer {
      encoder.push(.rbp)
      encoder.move(.rbp, .rsp)
      if frame.stackBytes > 0 { encoder.arithmetic(.sub, .rsp, Int32(truncatingIfNeeded: frame.stackBytes), wide: true) }
    }
    if frame.isPadded { encoder.push(.rax) }
    if frame.savesEnvironment { encoder.push(.environment) }
    for register in 6...9 as ClosedRange<UInt8> where frame.saved & 1 << UInt16(register) != 0 { encoder.push(Register(register)) }
    if frame.savesEnvironment { encoder.move(.environment, .rdx) }
    if function.hasMayGoto {
      encoder.store(Address(.rbp, frame.loopCounter), constant: Int32(clamping: loopBudget), bytes: 8)
    }
    guard isEntry else { return }
    // An unproved program may read a register that it was not given: it reads zero. Of r6 to r9, which are the caller's, only those saved:
    // liveness may be an overestimate.
    let read = liveIn[function.start] & (frame.saved | ~0b11_1100_0000)
    for register in [0, 3, 4, 5, 6, 7, 8, 9] as [UInt8] where read & 1 << UInt16(register) != 0 {
      encoder.move(Register(register), constant: 0)
    }
  }

  /// Undoes the frame; the return address is then on top. Leaves all registers but rcx and those restored alone.
  mutating func epilogue() {
    for register in (6...9 as ClosedRange<UInt8>).reversed() where frame.saved & 1 << UInt16(register) != 0 {
      encoder.pop(Register(register))
    }
    if frame.savesEnvironment { encoder.pop(.environment) }
    if frame.isPadded { encoder.pop(.rcx) }
    if frame.hasFramePointer {
      if frame.stackBytes > 0 { encoder.leave() } else { encoder.pop(.rbp) }
    }
  }

  /// An entry for C: the environment comes in r9, and r12 is the caller's.
  mutating func callbackThunk(_ index: Int) {
    encoder.push(.environment)
    encoder.move(.environment, .r9)
    branches.call(&encoder, function: index)
    encoder.pop(.environment)
    encoder.ret()
  }
}
