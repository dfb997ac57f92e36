public import EBPFISA

/// Translates eBPF to machine code: a pure function of the program, what is proved of it, and the processor that it is for.
///
/// The code is position-independent but for ``CompiledCode/relocations``, which whoever maps it into memory fills in.
public struct JIT: Sendable, Hashable {
  /// The processor that code is made for.
  public enum Processor: Sendable, Hashable {
    case x86_64(X86_64Features)
  }

  /// The processor that code is made for.
  public var processor: Processor
  /// How often each call of a function may pass a `may_goto` before it leaves the loop (the kernel's `BPF_MAX_LOOPS`).
  public var loopBudget: UInt32

  public init(processor: Processor, loopBudget: UInt32 = 8 << 20) {
    self.processor = processor
    self.loopBudget = loopBudget
  }

  /// The machine code of a program, one element a slot; the first slot is where it is entered.
  ///
  /// Memory accesses are not checked: run the code only where the program is proved safe, or trusted.
  /// - Parameter facts: what the verifier proved; an instruction without a fact is compiled in full.
  /// - Throws: ``JITError`` for a program that no machine code can be made of: unknown instructions, jumps out of a function, a function
  ///   that runs off its end, calls nested deeper than the kernel's 8 frames.
  public func compile(_ program: [Instruction], facts: Facts? = nil) throws(JITError) -> CompiledCode {
    guard !program.isEmpty else { throw JITError(.emptyProgram, "it has no instructions") }
    guard program.count <= ProgramOutline.maximumCount else {
      throw JITError(.programTooLarge, "it has \(program.count) instructions; \(ProgramOutline.maximumCount) is the most")
    }
    if let facts, facts.flags.count != program.count {
      throw JITError(.badOperand, "the facts are of a program of \(facts.flags.count) slots; this one has \(program.count)")
    }
    // Typed throws do not cross the closures of these accessors: the outcome does.
    let outcome: Result<CompiledCode, JITError> = program.withUnsafeBufferPointer { slots in
      guard let facts else { return compile(slots.baseAddress!, slots.count, nil, nil) }
      return facts.flags.withUnsafeBufferPointer { compile(slots.baseAddress!, slots.count, facts, $0.baseAddress) }
    }
    return try outcome.get()
  }

  private func compile(
    _ program: UnsafePointer<Instruction>, _ count: Int, _ facts: Facts?, _ flags: UnsafePointer<Facts.Flags>?
  ) -> Result<CompiledCode, JITError> {
    do throws(JITError) {
      var outline = ProgramOutline(count: count)
      try outline.scan(program, facts: facts)
      outline.computeLiveness(program)
      switch processor {
      case .x86_64(let features):
        return .success(try translate(program, outline, flags, features))
      }
    } catch {
      return .failure(error)
    }
  }

  /// Code and places are made where the caller wants them in the end: large programs touch no memory twice.
  private func translate(
    _ program: UnsafePointer<Instruction>, _ outline: borrowing ProgramOutline, _ flags: UnsafePointer<Facts.Flags>?,
    _ features: X86_64Features
  ) throws(JITError) -> CompiledCode {
    // A typed error does not cross the closures.
    var outcome: Result<CompiledCode, JITError>?
    var grown: [UInt8]?
    var slotOffsets: [Int32] = []
    let size = X86_64Translator.codeSize(outline)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { memory, byteCount in
      let code = UnsafeMutableRawPointer(memory.baseAddress!)
      slotOffsets = [Int32](unsafeUninitializedCapacity: outline.count) { offsets, offsetCount in
        var translator = X86_64Translator(
          program, outline, flags, features, loopBudget, code: CodeBuffer(code, size: size), offsets: offsets.baseAddress!)
        do throws(JITError) {
          let result = try translator.run(outline)
          outcome = .success(result.code)
          offsetCount = outline.count
          if translator.encoder.buffer.isMoved {
            grown = Array(UnsafeRawBufferPointer(start: translator.encoder.buffer.bytes, count: result.size))
          } else {
            byteCount = result.size
          }
        } catch { outcome = .failure(error) }
      }
    }
    var code = try outcome!.get()
    code.bytes = grown ?? bytes
    code.slotOffsets = slotOffsets
    return code
  }
}
