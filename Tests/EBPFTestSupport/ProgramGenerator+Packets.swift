internal import EBPFISA
internal import EBPFTables

/// The context, the packet, and the helpers of packets.
extension ProgramGenerator {
  /// Offsets of `data` and `data_end` in the context; `nil` where the type has no direct access.
  private var packetFields: (data: Int16, end: Int16)? {
    switch type {
    case .xdp: (0, 4)
    case .schedCls: (76, 80)
    default: nil
    }
  }

  /// Reads a field of the context, or writes one that may be written.
  mutating func contextAccess() {
    guard let context = contextRegister else { return arithmetic() }
    if type == .xdp {
      // The length, as a difference of pointers.
      let target = destination()
      let start = destination()
      guard target != start, target != context, start != context else { return arithmetic() }
      emit(.load(.w, target, context, 4))
      emit(.load(.w, start, context, 0))
      emit(.alu64(.sub, target, start))
      set(target, .scalar)
      set(start, .packet(offset: 0, range: 0))
      return
    }
    // len, mark, queue_mapping, protocol, priority, cb[0]
    if chance(3) {
      let field: Int16 = type == .schedCls ? pick([8, 32, 48, 52, 56, 60, 64]) : pick([48, 52, 56, 60, 64])
      if chance(3) { emit(.store(.w, context, field, immediate())) } else { emit(.store(.w, context, field, scalar())) }
      return
    }
    let target = destination()
    guard target != context else { return arithmetic() }
    let field: Int16 = pick([0, 8, 12, 16, 32, 48, 52, 56, 60, 64])
    switch number(0...2) {
    case 0 where field < 48: emit(.load(.b, target, context, field))
    case 1 where field < 48: emit(.load(.h, target, context, field))
    default: emit(.load(.w, target, context, field))
    }
    set(target, .scalar)
  }

  /// Loads the packet's bounds and compares them; behind it, or on one path, some bytes of the packet are known to be there.
  mutating func packetCheck() {
    guard let (dataField, endField) = packetFields, let context = contextRegister else { return contextAccess() }
    let data = destination()
    set(data, .none)
    let end = destination()
    guard data != end, data != context, end != context else { return arithmetic() }
    let probes = Register.allCases.filter { $0 != .r10 && !pinned.contains($0) && $0 != data && $0 != end && $0 != context }
    let probe = pick(probes)
    emit(.load(.w, data, context, dataField))
    set(data, .packet(offset: 0, range: 0))
    emit(.load(.w, end, context, endField))
    set(end, .packetEnd)
    let count = pick([1, 2, 4, 8, 14, 16, 20, 32, 34, 54, 64, 100])
    emit(.mov64(probe, data))
    emit(.add64(probe, Int32(count)))
    set(probe, .packet(offset: count, range: 0))
    let other = code.label()
    budget -= 1
    if chance(2) {
      // Away where it is too short.
      if chance(2) { code.jump(.gt, probe, end, to: other) } else { code.jump(.lt, end, probe, to: other) }
      let before = state
      extendPackets(to: count)
      nesting += 1
      block(number(2...6))
      nesting -= 1
      code.place(other)
      state = before.merged(state)
    } else {
      if chance(2) { code.jump(.le, probe, end, to: other) } else { code.jump(.ge, end, probe, to: other) }
      emit(.mov64(.r0, exitValue()))
      emit(.exit)
      code.place(other)
      extendPackets(to: count)
    }
  }

  /// Notes that so many bytes of the packet are there.
  private mutating func extendPackets(to count: Int) {
    for index in state.registers.indices {
      if case .packet(let offset, let range) = state.registers[index] {
        state.registers[index] = .packet(offset: offset, range: max(range, count))
      }
    }
    for index in state.stack.indices {
      if case .packet(let offset, let range)? = state.stack[index].pointer {
        state.stack[index].pointer = .packet(offset: offset, range: max(range, count))
      }
    }
  }

  /// `LD_ABS` and `LD_IND`: they read the context in r6, end the program outside the packet, and lose r1 to r5.
  mutating func legacyPacketLoad() {
    guard type != .xdp, depth == 0, value(.r6) == .context else { return packetCheck() }
    let size = pick([MemorySize.b, .h, .w])
    if chance(2) {
      emit(.loadAbsolute(size, chance(8) ? pick([-0x100000, -0x200000]) + Int32(number(0...20)) : Int32(number(0...40))))
    } else {
      let index = changeableScalar()
      emit(.alu64(.and, index, 15))
      emit(.loadIndirect(size, index, Int32(number(0...16))))
    }
    clobber()
    set(.r0, .scalar)
  }

  // MARK: Helpers

  /// Points `register` at `count` bytes of stack; where they are to be read, they are written first.
  mutating func stackArgument(_ register: Register, _ count: Int, isRead: Bool) -> Int {
    let slots = (count + 7) / 8
    let first = number(0...state.stack.count - slots)
    let offset = first * 8 - frameSize
    if isRead {
      for index in first..<first + slots where state.stack[index].pointer != nil || state.stack[index].written != 0xff {
        if let source = scalars.randomElement(using: &random), !Register.arguments.contains(source) || register == .r1 {
          emit(.store(.dw, .r10, Int16(index * 8 - frameSize), source))
        } else {
          emit(.store(.dw, .r10, Int16(index * 8 - frameSize), immediate()))
        }
        state.stack[index] = Slot(written: 0xff)
      }
    }
    emit(.mov64(register, .r10))
    emit(.add64(register, Int32(offset)))
    set(register, .none)
    return offset
  }

  /// A helper of the packet: bytes in and out, checksums, bounds.
  mutating func packetHelper() {
    guard let context = contextRegister, state.stack.count >= 4 else { return helperCall() }
    // The context may stand in an argument register: it is moved first.
    if context != .r1 { emit(.mov64(.r1, context)) }
    let offset = Int32(number(0...60))
    var count = 4 * number(1...4)
    var changesPacket = false
    var filled: Int?
    let end = code.label()
    switch (type, number(0...(type == .xdp ? 5 : 13))) {
    case (.xdp, 0):
      emit(.mov64(.r2, Int32(number(-20...20))))
      emit(.call(44))
      changesPacket = true
    case (.xdp, 1):
      emit(.mov64(.r2, Int32(number(-20...20))))
      emit(.call(65))
      changesPacket = true
    case (.xdp, 2):
      emit(.mov64(.r2, Int32(-4 * number(0...8))))
      emit(.call(54))
      changesPacket = true
    case (.xdp, 3): emit(.call(188))
    case (.xdp, 4):
      // Where it fails it leaves the bytes as they were.
      filled = stackArgument(.r3, count, isRead: true)
      emit(.mov64(.r2, offset))
      emit(.mov64(.r4, Int32(count)))
      emit(.call(189))
    case (.xdp, _):
      _ = stackArgument(.r3, count, isRead: true)
      emit(.mov64(.r2, offset))
      emit(.mov64(.r4, Int32(count)))
      emit(.call(190))
    case (.schedCls, 0), (.schedCls, 1):
      _ = stackArgument(.r3, count, isRead: true)
      emit(.mov64(.r2, offset))
      emit(.mov64(.r4, Int32(count)))
      emit(.mov64(.r5, 0))
      emit(.call(9))
      changesPacket = true
    case (.schedCls, 2):
      emit(.mov64(.r2, Int32(number(0...60))))
      emit(.mov64(.r3, immediate()))
      emit(.mov64(.r4, immediate()))
      emit(.mov64(.r5, pick([0, 2, 4])))
      emit(.call(10))
      changesPacket = true
    case (.schedCls, 3):
      emit(.mov64(.r2, Int32(number(0...60))))
      emit(.mov64(.r3, immediate()))
      emit(.mov64(.r4, immediate()))
      emit(.mov64(.r5, pick([0, 2, 4, 0x10, 0x12, 0x22])))
      emit(.call(11))
      changesPacket = true
    case (.schedCls, 4):
      filled = stackArgument(.r3, count, isRead: false)
      emit(.mov64(.r2, offset))
      emit(.mov64(.r4, Int32(count)))
      emit(.mov64(.r5, pick([0, 1])))
      emit(.call(68))
    case (.schedCls, 5):
      emit(.mov64(.r2, pick([0xa888, 0x0081, 0x0008])))
      emit(.mov64(.r3, Int32(number(0...4095))))
      emit(.call(18))
      changesPacket = true
    case (.schedCls, 6):
      emit(.call(19))
      changesPacket = true
    case (.schedCls, 7):
      emit(.mov64(.r2, Int32(number(14...160))))
      emit(.mov64(.r3, 0))
      emit(.call(38))
      changesPacket = true
    case (.schedCls, 8):
      emit(.mov64(.r2, Int32(number(0...40))))
      emit(.mov64(.r3, 0))
      emit(.call(43))
      changesPacket = true
    case (.schedCls, 10):
      emit(.mov64(.r2, pick([0x0008, 0xdd86])))
      emit(.mov64(.r3, 0))
      emit(.call(31))
      changesPacket = true
    case (.schedCls, 11):
      emit(.mov64(.r2, Int32(number(0...5))))
      emit(.call(32))
    case (.schedCls, 12), (.schedCls, 13):
      var difference = number(-40...60)
      if difference > 0 {
        // A packet that was cut inside its IP header is not made longer behind it: the kernel moves the whole header, also what lies behind the
        // packet's end, and that is memory that nobody has written where its buffer had to grow (`pskb_expand_head`).
        if Register.arguments.contains(context) || state.stack.count < 5 {
          difference = -difference
        } else {
          count = 40
          filled = stackArgument(.r3, count, isRead: false)
          emit(.mov64(.r2, 0))
          emit(.mov64(.r4, Int32(count)))
          emit(.mov64(.r5, 1))
          emit(.call(68))
          code.jump(.ne, .r0, 0, to: end)
          emit(.mov64(.r1, context))
        }
      }
      emit(.mov64(.r2, Int32(difference)))
      emit(.mov64(.r3, pick([0, 1])))
      emit(.mov64(.r4, pick([0, 0, 1, 2, 4, 0x12, 0x14, 0x0c, 0x20, 0x80, 0x100])))
      emit(.call(50))
      changesPacket = true
    case (.schedCls, 9):
      emit(.mov64(.r2, Int32(number(0...80))))
      emit(.call(39))
      changesPacket = true
    default:
      filled = stackArgument(.r3, count, isRead: false)
      emit(.mov64(.r2, offset))
      emit(.mov64(.r4, Int32(count)))
      emit(.call(26))
    }
    code.place(end)
    clobber()
    set(.r0, .scalar)
    if changesPacket { forgetPacket() }
    if let filled {
      for index in (filled + frameSize) / 8..<(filled + frameSize + count + 7) / 8 {
        // Where a pointer lay, only the bytes that were filled hold numbers now.
        if state.stack[index].pointer != nil { state.stack[index] = Slot() }
      }
      markWritten(filled, count)
    }
    if contextRegister == nil {
      // The only copy was in an argument register. Nothing needs it from here on.
      forgetPacket()
    }
  }
}
