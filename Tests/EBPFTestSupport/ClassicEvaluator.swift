package import EBPFISA

/// Classic BPF carried out instruction by instruction, as its papers say it and without any eBPF: what translations are compared with.
package struct ClassicEvaluator {
  /// A packet as the kernel hands it to a filter, and what it knows of it.
  package struct Packet: Sendable {
    package var bytes: [UInt8]
    /// What lies before the first byte: only offsets from the headers reach it.
    package var before: [UInt8] = []
    /// Its length on the wire.
    package var length: UInt32
    /// Where its link and network headers begin, from its first byte.
    package var linkHeader = 0
    package var networkHeader = 0
    package var ancillary: [ClassicAncillary: UInt32] = [:]

    package init(_ bytes: [UInt8], length: Int? = nil) {
      self.bytes = bytes
      self.length = UInt32(length ?? bytes.count)
    }
  }

  package var dialect: ClassicDialect
  /// Instructions after which a run is given up.
  package var budget = 1_000_000

  package init(_ dialect: ClassicDialect = .linux) { self.dialect = dialect }

  /// What the program returns for a packet; `nil` where it does not end, or asks for what the packet does not say.
  package func run(_ program: ClassicProgram, on packet: Packet) -> UInt32? {
    var (a, x): (UInt32, UInt32) = (0, 0)
    var memory = [UInt32](repeating: 0, count: 16)
    var pc = 0
    for _ in 0..<budget {
      guard program.instructions.indices.contains(pc) else { return nil }
      let instruction = program.instructions[pc]
      let (code, k) = (instruction.code, instruction.k)
      pc += 1
      let operand = code & 0x08 == 0 ? k : x
      switch code {
      case 0x20, 0x28, 0x30:
        if dialect == .linux, k >= 0xffff_f000 {
          guard let what = ClassicAncillary(rawValue: k &- 0xffff_f000) else { return nil }
          if what == .xorX {
            a ^= x
            continue
          }
          if what == .netlinkAttribute || what == .nestedAttribute {
            a = attribute(packet, a, x, isNested: what == .nestedAttribute)
            continue
          }
          if what == .interface, packet.ancillary[.interface] == 0 { return a }
          guard let value = packet.ancillary[what] else { return nil }
          a = value
        } else {
          guard let value = load(packet, UInt64(k), 4 >> Int((code & 0x18) >> 3)) else { return 0 }
          a = value
        }
      case 0x40, 0x48, 0x50:
        let place = dialect == .linux ? UInt64(x &+ k) : UInt64(x) + UInt64(k)
        guard let value = load(packet, place, 4 >> Int((code & 0x18) >> 3)) else { return 0 }
        a = value
      case 0x80: a = packet.length
      case 0x81: x = packet.length
      case 0x00: a = k
      case 0x01: x = k
      case 0x60: a = memory[Int(k)]
      case 0x61: x = memory[Int(k)]
      case 0x02: memory[Int(k)] = a
      case 0x03: memory[Int(k)] = x
      case 0xb1:
        guard let value = load(packet, UInt64(k), 1) else { return 0 }
        x = (value & 15) * 4
      case 0x04, 0x0c: a = a &+ operand
      case 0x14, 0x1c: a = a &- operand
      case 0x24, 0x2c: a = a &* operand
      case 0x34, 0x3c:
        if operand == 0 { return 0 }
        a /= operand
      case 0x94, 0x9c:
        if operand == 0 { return 0 }
        a %= operand
      case 0x44, 0x4c: a |= operand
      case 0x54, 0x5c: a &= operand
      case 0xa4, 0xac: a ^= operand
      case 0x64, 0x6c: a = dialect == .linux ? a << (operand % 32) : operand < 32 ? a << operand : 0
      case 0x74, 0x7c: a = dialect == .linux ? a >> (operand % 32) : operand < 32 ? a >> operand : 0
      case 0x84: a = 0 &- a
      case 0x05: pc += Int(Int32(bitPattern: k))
      case 0x15, 0x1d: pc += Int(a == operand ? instruction.jumpTrue : instruction.jumpFalse)
      case 0x25, 0x2d: pc += Int(a > operand ? instruction.jumpTrue : instruction.jumpFalse)
      case 0x35, 0x3d: pc += Int(a >= operand ? instruction.jumpTrue : instruction.jumpFalse)
      case 0x45, 0x4d: pc += Int(a & operand != 0 ? instruction.jumpTrue : instruction.jumpFalse)
      case 0x06: return k
      case 0x16: return a
      case 0x07: x = a
      case 0x87: a = x
      default: return nil
      }
    }
    return nil
  }

  /// The big-endian number of `size` bytes at a place as an instruction says it.
  private func load(_ packet: Packet, _ place: UInt64, _ size: Int) -> UInt32? {
    var start = Int(place)
    if dialect == .linux, place >= 0x8000_0000 {
      let signed = Int(Int32(bitPattern: UInt32(place)))
      if signed >= -0x10_0000 {
        start = signed + 0x10_0000 + packet.networkHeader
      } else if signed >= -0x20_0000 {
        start = signed + 0x20_0000 + packet.linkHeader
      } else {
        return nil
      }
    }
    guard start >= -packet.before.count, start + size <= packet.bytes.count else { return nil }
    return (start..<start + size).reduce(0) { value, place in
      value << 8 | UInt32(place < 0 ? packet.before[packet.before.count + place] : packet.bytes[place])
    }
  }

  /// The offset of the netlink attribute of type `type` from `start` on, or in the attribute there; 0 without.
  private func attribute(_ packet: Packet, _ start: UInt32, _ type: UInt32, isNested: Bool) -> UInt32 {
    let bytes = packet.bytes
    func pair(_ place: Int) -> Int { Int(bytes[place]) + 256 * Int(bytes[place + 1]) }
    guard bytes.count >= 4, start <= UInt32(bytes.count - 4) else { return 0 }
    var (place, end) = (Int(start), bytes.count)
    if isNested {
      guard pair(place) >= 4, place + pair(place) <= end else { return 0 }
      end = place + pair(place)
      place += 4
    }
    while place + 4 <= end, pair(place) >= 4, place + pair(place) <= end {
      if UInt32(pair(place + 2) % 0x4000) == type { return UInt32(place) }
      place += (pair(place) + 3) / 4 * 4
    }
    return 0
  }
}
