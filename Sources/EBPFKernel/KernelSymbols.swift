internal import EBPFBTF
internal import EBPFHost
internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

/// Symbols of the running kernel that an object refers to: its functions and variables, the functions that programs attach to, its settings.
enum KernelSymbols {
  /// The kernel's own types, mapped into ids by name; `nil` where it does not show them.
  static let types: BTF? = {
    guard let bytes = try? SystemFile.read("/sys/kernel/btf/vmlinux") else { return nil }
    return try? BTF(bytes: bytes)
  }()

  /// Puts the ids and addresses of kernel symbols into a program, and the id of what it attaches to beside it.
  static func resolve(_ spec: ProgramSpec, in object: ObjectSpec, _ loader: inout ProgramLoader) throws(HostError) {
    for reference in spec.references {
      guard object.externs.indices.contains(reference.extern), loader.instructions.indices.contains(reference.slot) else {
        throw HostError(.badArgument, "program '\(spec.name)', instruction \(reference.slot): refers to extern number \(reference.extern)")
      }
      let symbol = object.externs[reference.extern]
      guard !apply(symbol, to: &loader.instructions, at: reference.slot), !symbol.isWeak else { continue }
      throw HostError(
        .notFound, "program '\(spec.name)', instruction \(reference.slot): this kernel has no \(symbol.kind.words) '\(symbol.name)'")
    }
    loader.attachTypeID = try attachTypeID(of: spec)
  }

  /// Writes a symbol into an instruction; `false` where the kernel does not have it.
  ///
  /// A function that is missing keeps number 0, which the kernel takes where no path reaches the call; a variable becomes address 0.
  private static func apply(_ symbol: ExternSpec, to instructions: inout [Instruction], at slot: Int) -> Bool {
    let name = symbol.name.withoutFlavor
    switch (symbol.kind, instructions[slot].isWide) {
    case (.function, false):
      guard let type = types?.find(name, kinds: [.function]) else { return false }
      instructions[slot].immediate = Int32(bitPattern: type.id)
    case (.function, true), (.variable(typed: true), true):
      guard slot + 1 < instructions.count else { return false }
      guard let type = types?.find(name, kinds: [.variable, .function]) else {
        instructions[slot].source = WideSource.constant
        return false
      }
      instructions[slot].immediate = Int32(bitPattern: type.id)
    case (.variable(typed: false), true):
      guard slot + 1 < instructions.count, let address = address(of: name) else { return false }
      instructions[slot].immediate = Int32(truncatingIfNeeded: address)
      instructions[slot + 1].immediate = Int32(truncatingIfNeeded: address >> 32)
    default: return false
    }
    return true
  }

  /// The address of a kernel symbol; `nil` where there is none or this process may not see it.
  private static func address(of name: String) -> UInt64? {
    guard let text = try? SystemFile.read("/proc/kallsyms") else { return nil }
    let wanted = Array(name.utf8)
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
      guard words.count == 3, words[2].prefix(while: { $0 != UInt8(ascii: "\t") }).elementsEqual(wanted) else { continue }
      return UInt64(String(decoding: words[0], as: UTF8.self), radix: 16).flatMap { $0 == 0 ? nil : $0 }
    }
    return nil
  }

  /// The id of the function or type in the kernel that a program of a tracing type is for; 0 for other types.
  private static func attachTypeID(of spec: ProgramSpec) throws(HostError) -> UInt32 {
    let (name, kind): (String, BTFKind)
    switch (spec.type, spec.expectedAttachType) {
    case (.tracing?, .traceRawTp?): (name, kind) = ("btf_trace_" + spec.attachTarget, .typedef)
    case (.tracing?, .traceIter?): (name, kind) = ("bpf_iter_" + spec.attachTarget, .function)
    case (.tracing?, _): (name, kind) = (spec.attachTarget, .function)
    case (.lsm?, _): (name, kind) = ("bpf_lsm_" + spec.attachTarget, .function)
    case (.structOps?, _), (.ext?, _):
      throw HostError(.unsupported, "program '\(spec.name)': the kernel host does not load section '\(spec.section)' yet")
    default: return 0
    }
    guard !spec.attachTarget.isEmpty else {
      throw HostError(.badArgument, "program '\(spec.name)': section '\(spec.section)' does not say what the program is for")
    }
    guard let types else {
      throw HostError(.unsupported, "program '\(spec.name)': this kernel shows no types (/sys/kernel/btf/vmlinux), which its kind needs")
    }
    guard let type = types.find(name, kinds: [kind]) else {
      throw HostError(
        .notFound,
        "program '\(spec.name)': this kernel has no \(kind == .typedef ? "tracepoint" : "function") '\(spec.attachTarget)' to attach to")
    }
    return type.id
  }
}

extension ExternSpec.Kind {
  fileprivate var words: String {
    switch self {
    case .kconfig: "setting"
    case .variable: "variable"
    case .function: "function"
    }
  }
}

extension String {
  /// The name without what three underscores set apart: several declarations of one kernel function (`bpf_task_acquire___old`).
  fileprivate var withoutFlavor: String {
    var start = startIndex
    while start < endIndex {
      if start > startIndex, self[start...].hasPrefix("___") { return String(self[..<start]) }
      start = index(after: start)
    }
    return self
  }
}
