internal import CEBPF
package import EBPFBTF
package import EBPFHost
package import EBPFISA
package import EBPFObject
package import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The kernel as a reference: takes raw instructions, says whether it accepts them and what they compute. Made for thousands of programs
/// a second, so that it keeps its buffers from one program to the next. One thread at a time.
package struct KernelOracle: ~Copyable {
  /// What became of one program.
  package enum Outcome: Sendable, Hashable {
    /// Accepted and run: the low 32 bits of r0.
    case ran(UInt32)
    /// The verifier's objection.
    case rejected(String)
  }

  /// The packet as the last run left it.
  package private(set) var output: UnsafeRawBufferPointer

  private let type: ProgramType
  private let data: UnsafeMutableRawBufferPointer
  private let log: UnsafeMutableRawBufferPointer
  private let license: UnsafeMutablePointer<CChar>
  private var attributes = ebpf_program_load()
  private var program: Int32 = -1
  /// The types that programs with callbacks refer to.
  private let types: KernelTypes?
  private let typesDescriptor: Int32

  /// An oracle for one program type.
  /// - Parameters:
  ///   - flags: `BPF_F_*` for every load.
  ///   - types: What the functions of ``load(_:functions:)`` refer to.
  ///   - room: Bytes of packet that a run may give back.
  /// - Throws: ``HostError`` where the kernel does not take the types.
  package init(
    type: ProgramType, flags: UInt32 = 0, license: String = "GPL", types: BTF? = nil, room: Int = 1 << 16
  ) throws(HostError) {
    (self.types, typesDescriptor) = try Self.load(types)
    self.type = type
    data = .allocate(byteCount: room, alignment: 16)
    log = .allocate(byteCount: 1 << 14, alignment: 16)
    output = UnsafeRawBufferPointer(start: data.baseAddress, count: 0)
    let text = Array(license.utf8CString)
    self.license = .allocate(capacity: text.count)
    self.license.initialize(from: text, count: text.count)
    attributes.prog_type = type.rawValue
    attributes.license = UInt64(address: self.license)
    attributes.prog_flags = flags
    attributes.log_level = KernelVerdict.LogDetail.statistics.rawValue
    attributes.log_size = UInt32(log.count)
    attributes.log_buf = UInt64(address: log.baseAddress)
  }

  private static func load(_ types: BTF?) throws(HostError) -> (KernelTypes?, Int32) {
    switch KernelTypes.load(ObjectSpec(btf: types)) {
    case .none: return (nil, -1)
    case .loaded(let loaded): return (loaded, try loaded.descriptor.use { (fd) throws(HostError) in fd })
    case .refused(let reason): throw HostError(.unsupported, "the kernel does not take the types: \(reason)")
    }
  }

  deinit {
    if program >= 0 { ebpf_close(program) }
    types?.close()
    data.deallocate()
    log.deallocate()
    license.deallocate()
  }

  /// Loads a program in place of the one before.
  /// - Parameters:
  ///   - instructions: Maps in it are file descriptors.
  ///   - functions: All functions of the program in the order of their starts, each with its type, where the program has callbacks.
  /// - Returns: the verifier's objection, or `nil` where it accepts.
  /// - Throws: ``HostError`` where the kernel does not come to a verdict: no rights, no memory.
  package mutating func load(_ instructions: [Instruction], functions: [FunctionSpec] = []) throws(HostError) -> String? {
    unload()
    log[0] = 0
    let records = functions.map { ebpf_function_info(insn_off: UInt32(clamping: $0.start), type_id: $0.typeID) }
    let result = instructions.withUnsafeBytes { bytes in
      records.withUnsafeBytes { records in
        attributes.insns = UInt64(address: bytes.baseAddress)
        attributes.insn_cnt = UInt32(clamping: instructions.count)
        attributes.prog_btf_fd = functions.isEmpty ? 0 : UInt32(bitPattern: typesDescriptor)
        attributes.func_info = functions.isEmpty ? 0 : UInt64(address: records.baseAddress)
        attributes.func_info_cnt = UInt32(clamping: functions.count)
        attributes.func_info_rec_size = functions.isEmpty ? 0 : UInt32(MemoryLayout<ebpf_function_info>.stride)
        return SystemCall.bpf(EBPF_PROG_LOAD, &attributes)
      }
    }
    switch result {
    case .success(let fd):
      program = fd
      return nil
    case .failure(let error):
      let text = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
      if text.isEmpty { throw HostError("load a program of type \(type.rawValue)", error) }
      if error.errno == ENOSPC { throw HostError("load a program whose log is longer than \(log.count) bytes", error) }
      let message = VerifierLog(text).message
      return message.isEmpty ? error.text : message
    }
  }

  /// Runs the loaded program on a packet of at least 14 bytes; what it leaves is in ``output``.
  package mutating func run(_ packet: [UInt8]) throws(HostError) -> UInt32 {
    var test = ebpf_program_test_run()
    test.prog_fd = UInt32(bitPattern: program)
    test.repeat = 1
    test.data_size_out = UInt32(clamping: data.count)
    test.data_out = UInt64(address: data.baseAddress)
    let result = packet.withUnsafeBytes { packet in
      test.data_in = UInt64(address: packet.baseAddress)
      test.data_size_in = UInt32(clamping: packet.count)
      return SystemCall.bpf(EBPF_PROG_TEST_RUN, &test)
    }
    if case .failure(let error) = result { throw HostError("test run of a program of type \(type.rawValue)", error) }
    output = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(data)[..<Int(test.data_size_out)])
    return test.retval
  }

  /// Loads, runs once and unloads.
  package mutating func judge(_ instructions: [Instruction], _ packet: [UInt8]) throws(HostError) -> Outcome {
    if let objection = try load(instructions) { return .rejected(objection) }
    let result = try run(packet)
    unload()
    return .ran(result)
  }

  /// Gives the loaded program back.
  package mutating func unload() {
    if program >= 0 { ebpf_close(program) }
    program = -1
  }
}

extension Map {
  /// The map's file descriptor, for raw programs of ``KernelOracle``: good until the map is closed. `nil` for a map of another host.
  package var kernelDescriptor: Int32? {
    guard let map = backend as? KernelMap else { return nil }
    do throws(HostError) { return try map.descriptor.use { $0 } } catch { return nil }
  }
}
