public import EBPFCapture
public import EBPFObject

/// A loaded program.
public final class Program: Sendable {
  /// The program as it was loaded.
  public let spec: ProgramSpec
  package let backend: any ProgramBackend

  package init(spec: ProgramSpec, backend: any ProgramBackend) {
    self.spec = spec
    self.backend = backend
  }

  /// What executes the program in this process; `nil` where the kernel does, or where the program is a function of this process.
  ///
  /// It is ``LoadOptions/Engine/interpreter`` where ``LoadOptions/Engine/jit`` was asked for and this processor has no back end.
  public var engine: LoadOptions.Engine? { backend.engine }

  /// Runs the program once on data that the caller makes up, as `BPF_PROG_TEST_RUN` does.
  public func run(_ input: TestInput) throws(HostError) -> TestResult { try backend.run(input) }

  /// Runs the program on every packet of a capture: xdp, traffic control, socket filters and the other types that work on socket buffers. The
  /// capture stays as it is, whatever the program writes.
  ///
  /// In userspace the packets go through one buffer, and a run costs some nanoseconds more than the program; in the kernel each is a test run,
  /// which sees of a packet that the capture has cut only what is there, and takes broadcasts for multicasts.
  /// - Throws: ``HostError`` where programs of the type are not run on packets, or where a run failed (the message says at which packet).
  public func run(over capture: Capture, options: ReplayOptions = ReplayOptions()) throws(HostError) -> Replay {
    try backend.run(over: capture, options: options)
  }

  /// Gives the program back; a run under way finishes.
  public func close() { backend.close() }
}

/// What a test run gives to a program (`bpf_attr.test`).
public struct TestInput: Sendable, Hashable {
  /// The packet, or the memory of a raw-memory program.
  public var data: [UInt8]
  /// The context as user space sees it (`struct xdp_md`, `struct __sk_buff`, a syscall program's memory); empty: the host's default.
  public var context: [UInt8]
  /// Runs in a row on the same data.
  public var repeatCount: Int

  public init(data: [UInt8] = [], context: [UInt8] = [], repeatCount: Int = 1) {
    self.data = data
    self.context = context
    self.repeatCount = repeatCount
  }
}

/// What a test run gave.
public struct TestResult: Sendable, Hashable {
  /// r0; the kernel gives the low 32 bits only.
  public var returnValue: UInt64
  /// The data as the program left it.
  public var data: [UInt8]
  /// The context as the program left it.
  public var context: [UInt8]
  /// Mean time of one run.
  public var nanoseconds: Double

  public init(returnValue: UInt64, data: [UInt8], context: [UInt8] = [], nanoseconds: Double) {
    self.returnValue = returnValue
    self.data = data
    self.context = context
    self.nanoseconds = nanoseconds
  }
}

/// What a host implements behind ``Program``.
package protocol ProgramBackend: Sendable {
  /// What executes the program in this process.
  var engine: LoadOptions.Engine? { get }
  func run(_ input: TestInput) throws(HostError) -> TestResult
  func run(over capture: Capture, options: ReplayOptions) throws(HostError) -> Replay
  func close()
}

extension ProgramBackend {
  package var engine: LoadOptions.Engine? { nil }
}
