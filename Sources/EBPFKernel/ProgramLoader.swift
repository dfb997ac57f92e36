internal import CEBPF
internal import EBPFHost
internal import EBPFISA
internal import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One `BPF_PROG_LOAD`, with everything that goes with it, ready to be repeated with another log.
struct ProgramLoader {
  /// The answer to one load.
  struct Answer {
    /// The program, where it was accepted.
    var descriptor: FileDescriptor?
    var error: SystemError?
    var log: String
  }

  /// The largest log that the kernel takes is a quarter of 4 GiB; this much is kept of it, the end.
  private static let largestLog = 1 << 26
  private static let firstLog = 1 << 14
  private static let pathLog = 1 << 16

  var name: String
  var type: ProgramType
  var expectedAttachType: AttachType?
  var flags: UInt32 = 0
  var license: String
  var kernelVersion: UInt32 = 0
  var instructions: [Instruction]
  /// The types; the records below are passed only with them.
  var types: FileDescriptor?
  var functions: [ebpf_function_info] = []
  var lines: [ebpf_line_info] = []
  /// The function or type in the kernel's BTF that the program is for.
  var attachTypeID: UInt32 = 0

  /// Asks the kernel. A log that does not fit its buffer is asked for again: `ENOSPC` hides the verdict.
  /// - Parameter keepsEnd: Whether the end of a log is enough; the verdict may then be missing.
  func load(_ detail: KernelVerdict.LogDetail = .statistics, keepsEnd: Bool = false) throws(HostError) -> Answer {
    var size = keepsEnd ? Self.pathLog : Self.firstLog
    while true {
      let (answer, needed) = try attempt(logLevel: detail.rawValue, logSize: size)
      guard let error = answer.error, error.errno == ENOSPC, needed > size || needed == 0, !keepsEnd else { return answer }
      if size >= Self.largestLog {
        // The whole text is beyond what is worth keeping: its end stays, and the verdict is asked for without any.
        var (verdict, _) = try attempt(logLevel: 0, logSize: 0)
        verdict.log = answer.log
        return verdict
      }
      // The kernel says since 6.4 how much it has; before, the buffer grows until the text fits.
      size = min(Self.largestLog, max(needed + 1, size * 4))
    }
  }

  /// One call; also returns the log's true size, 0 where the kernel does not say.
  private func attempt(logLevel: UInt32, logSize: Int) throws(HostError) -> (Answer, Int) {
    let log = UnsafeMutableRawBufferPointer.allocate(byteCount: logSize, alignment: 8)
    defer { log.deallocate() }
    if logSize > 0 { log[0] = 0 }

    var attributes = ebpf_program_load()
    attributes.prog_type = type.rawValue
    attributes.expected_attach_type = expectedAttachType?.rawValue ?? 0
    attributes.prog_flags = flags
    attributes.kern_version = kernelVersion
    attributes.attach_btf_id = attachTypeID
    if logSize > 0 {
      attributes.log_level = logLevel
      attributes.log_size = UInt32(logSize)
      attributes.log_buf = UInt64(address: log.baseAddress)
    }
    withUnsafeMutableBytes(of: &attributes.prog_name) { $0.copyObjectName(name) }

    let outcome: Result<Int32, SystemError>
    if let types {
      outcome = try types.use { (fd) throws(HostError) in
        attributes.prog_btf_fd = UInt32(bitPattern: fd)
        return call(&attributes)
      }
    } else {
      outcome = call(&attributes)
    }
    let text = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
    let trueSize = Int(attributes.log_true_size)
    switch outcome {
    case .success(let fd): return (Answer(descriptor: FileDescriptor(owning: fd), error: nil, log: text), trueSize)
    case .failure(let error): return (Answer(descriptor: nil, error: error, log: text), trueSize)
    }
  }

  /// Fills the addresses in and makes the call while they hold.
  private func call(_ attributes: inout ebpf_program_load) -> Result<Int32, SystemError> {
    instructions.withUnsafeBytes { instructions in
      license.withCString { license in
        functions.withUnsafeBytes { functions in
          lines.withUnsafeBytes { lines in
            attributes.insns = UInt64(address: instructions.baseAddress)
            attributes.insn_cnt = UInt32(clamping: self.instructions.count)
            attributes.license = UInt64(address: license)
            if !functions.isEmpty {
              attributes.func_info = UInt64(address: functions.baseAddress)
              attributes.func_info_cnt = UInt32(clamping: self.functions.count)
              attributes.func_info_rec_size = UInt32(MemoryLayout<ebpf_function_info>.stride)
            }
            if !lines.isEmpty {
              attributes.line_info = UInt64(address: lines.baseAddress)
              attributes.line_info_cnt = UInt32(clamping: self.lines.count)
              attributes.line_info_rec_size = UInt32(MemoryLayout<ebpf_line_info>.stride)
            }
            return SystemCall.bpf(EBPF_PROG_LOAD, &attributes)
          }
        }
      }
    }
  }
}
