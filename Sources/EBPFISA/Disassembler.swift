/// The two ways in which the field writes eBPF instructions as text.
public enum AssemblyStyle: String, Sendable, Hashable, CaseIterable {
  /// As `llvm-objdump -d --no-print-imm-hex` prints since LLVM 20: `w1 = *(u32 *)(r2 + 4)`, `if r1 == -7 goto +3`.
  case llvm
  /// As llvm-objdump printed up to LLVM 19 without `--mcpu`: like ``llvm``, but memory is read and written through 64-bit names.
  case llvm19
  /// As `bpftool prog dump xlated` and the verifier's log print: `(61) r1 = *(u32 *)(r2 +4)`, `(15) if r1 == 0xfffffff9 goto pc+3`.
  case kernel
}

/// Turns instructions into text.
///
/// ``text(of:at:)`` is read back by ``Assembler`` as the same slots, for every slot there is. Where a style has no words of its own, the
/// text uses, in this order: RFC 9669's words for the sources of `ld_imm64` (`map_by_fd(3)`, `map_val(map_by_idx(2)) + 16`, `var_addr(7)`,
/// `code_addr(+5)`), a word of the other style (`call pc+5`, `call kernel-function#77 module 3`, `callx r3`), or the raw slot
/// (`.8byte 0x…`, for slots that are no instruction).
public struct Disassembler: Sendable {
  /// Whose syntax the text has.
  public var style: AssemblyStyle
  /// Names of helpers, for the kernel's style (`call bpf_ktime_get_ns#5`); `unknown#5` where it gives none.
  public var helperName: @Sendable (Int32) -> String?

  public init(style: AssemblyStyle = .llvm, helperName: @escaping @Sendable (Int32) -> String? = { _ in nil }) {
    self.style = style
    self.helperName = helperName
  }

  /// The instruction at `slot` in words that are read back as the same slots.
  ///
  /// An `ld_imm64` takes the following slot with it where that is its proper second half.
  public func text(of program: [Instruction], at slot: Int) -> String {
    let instruction = program[slot]
    let tail = Self.tail(of: program, at: slot)
    guard let words = words(of: instruction, tail: tail, exact: false) else {
      return ".8byte 0x\(hex(instruction.bits, digits: 16))" + (tail.map { ", 0x\(hex($0.bits, digits: 16))" } ?? "")
    }
    return style == .kernel ? "(\(hexByte(instruction.opcode))) \(words)" : words
  }

  /// The instruction at `slot` in the very words of the tool that the style is named after, even where those lose something.
  ///
  /// llvm-objdump says `call 5` for a helper, for a function of the program and for a kernel function. Beside the bytes this is no loss.
  public func exactText(of program: [Instruction], at slot: Int) -> String {
    let instruction = program[slot]
    let words = words(of: instruction, tail: Self.tail(of: program, at: slot), exact: true)
    switch style {
    case .llvm, .llvm19: return words ?? "<unknown>"
    case .kernel: return words.map { "(\(hexByte(instruction.opcode))) \($0)" } ?? "BUG_\(hexByte(instruction.opcode))"
    }
  }

  /// The second half of the `ld_imm64` at `slot`; `nil` where there is none, or where it is not one.
  static func tail(of program: [Instruction], at slot: Int) -> Instruction? {
    guard program[slot].isWide, slot + 1 < program.count, program[slot + 1].bits & 0xffff_ffff == 0 else { return nil }
    return program[slot + 1]
  }

  /// How many slots the text at `slot` covers: 2 for a whole `ld_imm64`, otherwise 1.
  public static func slots(of program: [Instruction], at slot: Int) -> Int { tail(of: program, at: slot) == nil ? 1 : 2 }

  /// The program as assembler source, one instruction a line, which ``Assembler`` reads back.
  public func source(_ program: [Instruction]) -> String {
    var text = ""
    var slot = 0
    while slot < program.count {
      text += self.text(of: program, at: slot)
      text += "\n"
      slot += Self.slots(of: program, at: slot)
    }
    return text
  }
}

// MARK: Listings

extension Disassembler {
  /// A name for a slot, as an object's symbol table gives it.
  public struct Symbol: Sendable, Hashable {
    /// The name, and the slot that it stands for.
    public let name: String
    public let slot: Int
    public init(_ name: String, at slot: Int) {
      self.name = name
      self.slot = slot
    }
  }

  /// The program as the tool prints it, each line with its slot number.
  ///
  /// In the LLVM styles this is one section of llvm-objdump's output: a header line for each symbol, the bytes of each instruction (left out
  /// with `bytes: false`, as by `--no-show-raw-insn`, in favour of words that lose nothing) and the name of each jump's target.
  /// In the kernel's style bytes stand on a line of their own, as with `bpftool prog dump xlated … opcodes`.
  /// - Parameters:
  ///   - symbols: Sorted by slot; where several have the same slot, the last is shown.
  ///   - section: The name that stands for slot 0 if no symbol does.
  ///   - byteOrder: The order of the bytes that are shown: that of the object.
  public func listing(
    _ program: [Instruction], bytes: Bool = true, symbols: [Symbol] = [], section: String = ".text", byteOrder: ByteOrder = .little
  ) -> String {
    var text = ""
    var names = symbols
    if style != .kernel, names.first?.slot != 0 { names.insert(Symbol(section, at: 0), at: 0) }
    var next = 0
    var slot = 0
    while slot < program.count {
      let count = Self.slots(of: program, at: slot)
      if style == .kernel {
        text += padded(" " + String(slot), 4) + ": " + self.text(of: program, at: slot) + "\n"
        if bytes { text += "       " + hexBytes(program[slot..<slot + count], byteOrder) + "\n" }
      } else {
        if next < names.count, names[next].slot <= slot {
          while next + 1 < names.count, names[next + 1].slot <= slot { next += 1 }
          if slot > 0 { text += "\n" }
          text += "\(hex(UInt64(slot) * 8, digits: 16)) <\(names[next].name)>:\n"
          next += 1
        }
        text += padded(String(slot), 8) + ":\t"
        if bytes { text += hexBytes(program[slot..<slot + count], byteOrder) + "\t" }
        text += bytes ? exactText(of: program, at: slot) : self.text(of: program, at: slot)
        if let target = jumpTarget(of: program[slot], at: slot) { text += " <\(name(of: target, in: names))>" }
        text += "\n"
      }
      slot += count
    }
    return text
  }

  private func jumpTarget(of instruction: Instruction, at slot: Int) -> Int? {
    guard instruction.instructionClass >= Opcode.jmp, instruction.opcode != Opcode.callHelper, InstructionForm.of(instruction) != nil else {
      return nil
    }
    return ProgramStructure.target(of: instruction, at: slot)
  }

  /// `name`, or `name+0x18` for what lies behind it.
  private func name(of target: Int, in names: [Symbol]) -> String {
    var (low, high) = (0, names.count)
    while low < high {
      let middle = (low + high) / 2
      if names[middle].slot <= target { low = middle + 1 } else { high = middle }
    }
    let symbol = names[max(low - 1, 0)]
    let distance = UInt64(bitPattern: Int64(target - symbol.slot) &* 8)
    return distance == 0 ? symbol.name : "\(symbol.name)+0x\(String(distance, radix: 16))"
  }

  private func hexBytes(_ slots: ArraySlice<Instruction>, _ byteOrder: ByteOrder) -> String {
    Instruction.encode(slots, byteOrder: byteOrder).map { hexByte($0) }.joined(separator: " ")
  }
}

/// At least two hexadecimal digits, as `%02x` prints.
func hexByte(_ value: some FixedWidthInteger & UnsignedInteger) -> String { hex(value, digits: 2) }

/// Hexadecimal with leading zeros up to `digits`.
func hex(_ value: some FixedWidthInteger & UnsignedInteger, digits: Int) -> String {
  let text = String(value, radix: 16)
  return text.utf8.count < digits ? String(repeating: "0", count: digits - text.utf8.count) + text : text
}

/// Spaces in front, up to `width`.
func padded(_ text: String, _ width: Int) -> String {
  text.utf8.count < width ? String(repeating: " ", count: width - text.utf8.count) + text : text
}
