internal import CEBPF
internal import EBPFHost
internal import EBPFObject
internal import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A program in the kernel.
final class KernelProgram: ProgramBackend {
  let spec: ProgramSpec
  let descriptor: FileDescriptor
  let shape: RunShape

  init(spec: ProgramSpec, descriptor: FileDescriptor) {
    self.spec = spec
    self.descriptor = descriptor
    shape = RunShape(spec.type ?? .unspec)
  }

  /// `BPF_PROG_TEST_RUN`.
  func run(_ input: TestInput) throws(HostError) -> TestResult {
    let sizes = TestRunSizes(shape.input)
    guard let repeatCount = UInt32(exactly: input.repeatCount) else {
      throw HostError(.badArgument, "program '\(spec.name)' cannot be run \(input.repeatCount) times")
    }
    if !shape.takesData, !input.data.isEmpty {
      throw HostError(.badArgument, "programs of the type of '\(spec.name)' are not run on a packet; give a context")
    }
    var contextSize = input.context.isEmpty ? sizes.contextSize : input.context.count
    var dataSize = shape.takesData ? input.data.count + sizes.growth : 0
    while true {
      let data = UnsafeMutableRawBufferPointer.allocate(byteCount: dataSize, alignment: 8)
      defer { data.deallocate() }
      let contextOut = UnsafeMutableRawBufferPointer.allocate(byteCount: sizes.returnsContext ? contextSize : 0, alignment: 8)
      defer { contextOut.deallocate() }
      // A syscall program's context is changed where it lies, so that the kernel gets a copy.
      var context = input.context

      var attributes = ebpf_program_test_run()
      // A kernel that runs a type once only (syscall, raw_tracepoint) refuses any other number than 0.
      attributes.repeat = sizes.repeats ? repeatCount : 0
      let result = try descriptor.use { (fd) throws(HostError) in
        input.data.withUnsafeBytes { dataIn in
          context.withUnsafeMutableBytes { contextIn in
            attributes.prog_fd = UInt32(bitPattern: fd)
            if shape.takesData {
              attributes.data_in = UInt64(address: dataIn.baseAddress)
              attributes.data_size_in = UInt32(clamping: dataIn.count)
              attributes.data_out = UInt64(address: data.baseAddress)
              attributes.data_size_out = UInt32(clamping: data.count)
            }
            if !contextIn.isEmpty {
              attributes.ctx_in = UInt64(address: contextIn.baseAddress)
              attributes.ctx_size_in = UInt32(clamping: contextIn.count)
            }
            if !contextOut.isEmpty {
              attributes.ctx_out = UInt64(address: contextOut.baseAddress)
              attributes.ctx_size_out = UInt32(clamping: contextOut.count)
            }
            return SystemCall.bpf(EBPF_PROG_TEST_RUN, &attributes)
          }
        }
      }
      switch result {
      case .success:
        return TestResult(
          returnValue: UInt64(attributes.retval), data: Array(data.prefix(Int(attributes.data_size_out))),
          context: contextOut.isEmpty ? context : Array(contextOut.prefix(Int(attributes.ctx_size_out))),
          nanoseconds: Double(attributes.duration))
      case .failure(let error)
      where error.errno == ENOSPC && (Int(attributes.data_size_out) > dataSize || Int(attributes.ctx_size_out) > contextSize):
        // It ran, and what it made did not fit: the maps already show this run, so it happens only where `growth` is too small.
        dataSize = max(dataSize, Int(attributes.data_size_out))
        contextSize = max(contextSize, Int(attributes.ctx_size_out))
      case .failure(let error):
        throw failure(error, input)
      }
    }
  }

  func close() { descriptor.close() }

  private func failure(_ error: SystemError, _ input: TestInput) -> HostError {
    let action = "test run of program '\(spec.name)'"
    switch error.errno {
    case EINVAL:
      return HostError(
        .badArgument,
        "\(action): \(error.text): the kernel does not take \(input.data.count) bytes of data with \(input.context.count) bytes of context "
          + "for this type (packets have at least 14 bytes; fields of the context that a test cannot set must be 0)", errno: EINVAL)
    case EOPNOTSUPP, SystemError.notSupported:
      return HostError(.unsupported, "\(action): the kernel has no test run for this program type", errno: error.errno)
    default:
      return HostError(action, error)
    }
  }
}

/// Sizes of `BPF_PROG_TEST_RUN`, and whether it runs more than once (`net/bpf/test_run.c`).
private struct TestRunSizes {
  var repeats = true
  var returnsContext = false
  /// Bytes of the context that the kernel returns where none is given; 0 where it returns none then.
  var contextSize = 0
  /// The most bytes by which a run can make the data longer.
  var growth = 0

  init(_ input: RunShape.Input) {
    switch input {
    case .xdp:
      returnsContext = true
      // The room before a packet (256 bytes) and behind it (the rest of its page, and of its fragments).
      growth = 1 << 16
    case .socketBuffer:
      returnsContext = true
      contextSize = 192  // struct __sk_buff
      growth = 1 << 17
    case .flowDissector:
      growth = 64  // struct bpf_flow_keys comes back in place of the packet.
    case .socketLookup:
      returnsContext = true
    case .netfilter: break
    case .memory, .context:
      // syscall, raw_tracepoint, struct_ops, tracing: a context alone, once.
      repeats = false
    }
  }
}
