internal import CEBPF
internal import EBPFBTF
internal import EBPFHost
internal import EBPFISA
internal import EBPFObject

/// An object's types in the kernel (`BPF_BTF_LOAD`), and the records of a program that refer to them.
struct KernelTypes {
  let descriptor: FileDescriptor

  /// What became of an object's types.
  enum Outcome {
    case none
    case loaded(KernelTypes)
    /// The kernel's words.
    case refused(String)
  }

  /// Loads them, changed as far as the kernel asks for.
  ///
  /// A refusal is no failure: types are names and checks on top of a program. What cannot do without them (a spin lock in a map, a
  /// callback) is then refused at its own place.
  static func load(_ object: ObjectSpec) -> Outcome {
    guard let btf = object.btf else { return .none }
    guard btf.base == nil, btf.isBigEndian == (ByteOrder.host == .big) else {
      return .refused("the types continue others, or are of another byte order")
    }
    let bytes = TypeImage(btf).bytes()
    var attributes = ebpf_btf_load()
    func call() -> Result<Int32, SystemError> {
      bytes.withUnsafeBytes { bytes in
        attributes.btf = UInt64(address: bytes.baseAddress)
        attributes.btf_size = UInt32(clamping: bytes.count)
        return SystemCall.bpf(EBPF_BTF_LOAD, &attributes)
      }
    }
    // The text is asked for only where it is needed: with it, a refusal costs the printing of every type.
    switch call() {
    case .success(let fd): return .loaded(KernelTypes(descriptor: FileDescriptor(owning: fd)))
    case .failure(let error):
      let log = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 8)
      defer { log.deallocate() }
      log[0] = 0
      attributes.log_buf = UInt64(address: log.baseAddress)
      attributes.log_size = UInt32(log.count)
      attributes.log_level = 1
      if case .success(let fd) = call() { FileDescriptor(owning: fd).close() }
      let last = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n").last ?? ""
      return .refused("\(error.text): \(last)")
    }
  }

  func close() { descriptor.close() }

  /// Gives a program's functions and lines to a loader, those that the kernel takes as a whole.
  func describe(_ spec: ProgramSpec, in loader: inout ProgramLoader) {
    loader.types = descriptor
    guard spec.functions.allSatisfy({ $0.typeID != 0 }), spec.functions.first?.start == 0 else { return }
    loader.functions = spec.functions.map { ebpf_function_info(insn_off: UInt32(clamping: $0.start), type_id: $0.typeID) }
    loader.lines = lines(of: spec)
  }

  /// The line records; none where a function has no line at its first instruction, which the kernel insists on.
  private func lines(of spec: ProgramSpec) -> [ebpf_line_info] {
    var result: [ebpf_line_info] = []
    var starts = Set(spec.functions.map(\.start))
    var last = -1
    for line in spec.lines {
      // One record a slot, and none on the second half of a wide instruction (opcode 0).
      guard line.slot > last, spec.instructions.indices.contains(line.slot), spec.instructions[line.slot].opcode != 0 else { continue }
      last = line.slot
      starts.remove(line.slot)
      result.append(
        ebpf_line_info(
          insn_off: UInt32(clamping: line.slot), file_name_off: line.fileOffset, line_off: line.textOffset,
          line_col: UInt32(clamping: min(line.line, 0x3fffff)) << 10 | UInt32(clamping: min(line.column, 0x3ff))))
    }
    return starts.isEmpty ? result : []
  }
}
