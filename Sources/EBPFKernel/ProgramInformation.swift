internal import CEBPF
public import EBPFHost
internal import EBPFObject
public import EBPFISA
public import EBPFTables

/// What the kernel tells of a loaded program (`struct bpf_prog_info`).
public struct ProgramInformation: Sendable, Hashable {
  /// The number under which the kernel, bpftool and this run's other tools know it.
  public var id: UInt32
  /// The program's type.
  public var type: ProgramType
  /// The name as the kernel keeps it, 15 bytes at most.
  public var name: String
  /// A digest of the instructions, 8 bytes.
  public var tag: [UInt8]
  /// The program after the verifier's rewriting: map addresses, inlined helpers, converted context accesses.
  /// Empty where the kernel does not show it to this process.
  public var translated: [Instruction]
  /// Bytes of machine code, 0 where the program is interpreted.
  public var machineCodeSize: Int
  /// The machine code; empty where the kernel does not show it to this process.
  public var machineCode: [UInt8]
  /// The maps that it uses, by the kernel's numbers.
  public var mapIDs: [UInt32]
  /// Nanoseconds since boot at which it was loaded.
  public var loadTime: UInt64
  /// Whether its licence lets it call what is for GPL programs only.
  public var isGPLCompatible: Bool
  /// What the verifier walked (`processed N insns`).
  public var instructionsVerified: Int
  /// Runs and their time in nanoseconds, counted only while `BPF_ENABLE_STATS` or `kernel.bpf_stats_enabled` is on.
  public var runCount: UInt64
  /// Nanoseconds in all runs together, where the kernel keeps statistics (`kernel.bpf_stats_enabled`).
  public var runTime: UInt64
}

extension Program {
  /// What the kernel tells of the program.
  /// - Throws: ``HostError`` with ``HostError/Code/unsupported`` for a program of another host.
  public func kernelInformation() throws(HostError) -> ProgramInformation {
    guard let program = backend as? KernelProgram else {
      throw HostError(.unsupported, "program '\(spec.name)' is not in the kernel")
    }
    return try program.information()
  }
}

extension KernelProgram {
  /// `BPF_OBJ_GET_INFO_BY_FD`: once for the sizes, and once for what has them.
  func information() throws(HostError) -> ProgramInformation {
    var sizes = ebpf_program_info()
    try get(&sizes)
    var info = ebpf_program_info()
    // The three can only shrink to zero in between (by a change of rights), never grow: a program does not change.
    var translated = [Instruction](repeating: Instruction(bits: 0), count: Int(sizes.xlated_prog_len) / MemoryLayout<Instruction>.stride)
    var machineCode = [UInt8](repeating: 0, count: Int(sizes.jited_prog_len))
    var mapIDs = [UInt32](repeating: 0, count: Int(sizes.nr_map_ids))
    let result = translated.withUnsafeMutableBytes { translated in
      machineCode.withUnsafeMutableBytes { machineCode in
        mapIDs.withUnsafeMutableBytes { mapIDs in
          info.xlated_prog_len = UInt32(translated.count)
          info.xlated_prog_insns = UInt64(address: translated.baseAddress)
          info.jited_prog_len = UInt32(machineCode.count)
          info.jited_prog_insns = UInt64(address: machineCode.baseAddress)
          info.nr_map_ids = sizes.nr_map_ids
          info.map_ids = UInt64(address: mapIDs.baseAddress)
          return Result { () throws(HostError) in try get(&info) }
        }
      }
    }
    try result.get()
    // The kernel clears an address that it did not fill.
    if info.xlated_prog_insns == 0 { translated = [] }
    if info.jited_prog_insns == 0 { machineCode = [] }
    return ProgramInformation(
      id: info.id, type: ProgramType(rawValue: info.type),
      name: withUnsafeBytes(of: &info.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) },
      tag: withUnsafeBytes(of: &info.tag) { Array($0) }, translated: translated, machineCodeSize: Int(sizes.jited_prog_len),
      machineCode: machineCode, mapIDs: Array(mapIDs.prefix(Int(info.nr_map_ids))), loadTime: info.load_time,
      isGPLCompatible: info.gpl_compatible & 1 != 0, instructionsVerified: Int(info.verified_insns), runCount: info.run_cnt,
      runTime: info.run_time_ns)
  }

  private func get(_ info: inout ebpf_program_info) throws(HostError) {
    let result = try descriptor.use { (fd) throws(HostError) in
      withUnsafeMutableBytes(of: &info) { bytes in
        var attributes = ebpf_object_info()
        attributes.bpf_fd = UInt32(bitPattern: fd)
        attributes.info_len = UInt32(bytes.count)
        attributes.info = UInt64(address: bytes.baseAddress)
        return SystemCall.bpf(EBPF_OBJ_GET_INFO_BY_FD, &attributes)
      }
    }
    if case .failure(let error) = result { throw HostError("ask the kernel about program '\(spec.name)'", error) }
  }
}
