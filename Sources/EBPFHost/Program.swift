public import EBPFObject

/// A loaded program.
public final class Program: Sendable {
  public let spec: ProgramSpec
  package let backend: any ProgramBackend

  package init(spec: ProgramSpec, backend: any ProgramBackend) {
    self.spec = spec
    self.backend = backend
  }

  /// What executes the program in this process; `nil` where the kernel does.
  ///
  /// It is ``LoadOptions/Engine/interpreter`` where ``LoadOptions/Engine/jit`` was asked for and this processor has no back end.
  public var engine: LoadOptions.Engine? { backend.engine }

  /// Runs the program once on data that the caller makes up, as `BPF_PROG_TEST_RUN` does.
  public func run(_ input: TestInput) throws(HostError) -> TestResult { try backend.run(input) }

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
  func close()
}

extension ProgramBackend {
  package var engine: LoadOptions.Engine? { nil }
}
