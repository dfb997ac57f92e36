extension ClassicProgram {
  /// The program in the words of `tcpdump -d`, a line an instruction.
  public var listing: String {
    var text = ""
    for (index, instruction) in instructions.enumerated() {
      text += instruction.image(at: index)
      text += "\n"
    }
    return text
  }

  /// The program as an array's elements in C, as `tcpdump -dd` prints it.
  public var cText: String {
    var text = ""
    for instruction in instructions {
      text +=
        "{ 0x\(String(instruction.code, radix: 16)), \(instruction.jumpTrue), \(instruction.jumpFalse), 0x\(hex(instruction.k, digits: 8)) },\n"
    }
    return text
  }

  /// The program as decimal numbers behind a line with their count, as `tcpdump -ddd` prints it; ``init(decimalText:)`` reads it back.
  public var decimalText: String {
    var text = "\(instructions.count)\n"
    for instruction in instructions {
      text += "\(instruction.code) \(instruction.jumpTrue) \(instruction.jumpFalse) \(instruction.k)\n"
    }
    return text
  }
}

extension ClassicInstruction {
  /// The instruction in the words of `tcpdump -d` (libpcap's `bpf_image`), at a place in its program.
  public func image(at index: Int) -> String {
    let (name, operand) = words(at: index)
    let number = String(index)
    let place = "(" + String(repeating: "0", count: max(0, 3 - number.utf8.count)) + number + ")"
    let text = "\(place) \(filled(name, 8)) "
    // libpcap asks the class, so that unknown jumps have their targets too.
    guard code & 7 == UInt16(Opcode.jmp), code & 0xf0 != UInt16(Opcode.ja) else { return text + operand }
    return text + filled(operand, 16) + " jt \(index + 1 + Int(jumpTrue))\tjf \(index + 1 + Int(jumpFalse))"
  }

  private func words(at index: Int) -> (name: String, operand: String) {
    guard let operation, operation != .loadXLength else { return ("unimp", "0x" + String(code, radix: 16)) }
    let signed = Int32(bitPattern: k)
    let bits = "#0x" + String(k, radix: 16)
    switch operation {
    case .loadAbsolute(let size): return (Self.loadName(size), "[\(ClassicAncillary(offset: k)?.word ?? String(signed))]")
    case .loadIndirect(let size): return (Self.loadName(size), "[x + \(signed)]")
    case .loadLength: return ("ld", "#pktlen")
    case .loadConstant: return ("ld", bits)
    case .loadScratch: return ("ld", "M[\(signed)]")
    case .loadXHeaderLength: return ("ldxb", "4*([\(signed)]&0xf)")
    case .loadXLength: return ("ldx", "#pktlen")
    case .loadXConstant: return ("ldx", bits)
    case .loadXScratch: return ("ldx", "M[\(signed)]")
    case .store: return ("st", "M[\(signed)]")
    case .storeX: return ("stx", "M[\(signed)]")
    case .arithmetic(let operation, .x): return ("\(operation)", "x")
    case .arithmetic(let operation, .k):
      return ("\(operation)", operation == .and || operation == .or || operation == .xor ? bits : "#\(signed)")
    case .negate: return ("neg", "")
    case .jump: return ("ja", String(Int32(truncatingIfNeeded: index) &+ 1 &+ signed))
    case .branch(let condition, let operand): return ("j\(condition)", operand == .x ? "x" : bits)
    case .returnConstant: return ("ret", "#\(signed)")
    case .returnA: return ("ret", "")
    case .tax: return ("tax", "")
    case .txa: return ("txa", "")
    }
  }

  private static func loadName(_ size: MemorySize) -> String {
    switch size {
    case .b: "ldb"
    case .h: "ldh"
    default: "ld"
    }
  }

  /// Spaces behind, up to `width`.
  private func filled(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }
}
