public import EBPFCapture
public import EBPFHost
import EBPFKernel
public import EBPFObject
import EBPFRuntime
public import EBPFToolchain

/// Where a test runs its program: the one word that changes.
public enum TestHost: String, Sendable, Hashable, CaseIterable {
  /// In this process, without privileges, every access checked.
  case userspace
  /// In this process, as machine code.
  case userspaceJIT
  /// In the running kernel (`BPF_PROG_TEST_RUN`), which takes root or CAP_BPF.
  case kernel
}

/// A program under test, loaded on a host.
/// ```swift
/// @Test func discardIsDropped() async throws {
///   let counter = try await TestProgram("Sources/Counter", program: "filter")
///   let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").udp(from: 4000, to: 9)
///   try counter.run(packet).expect(XDPAction.drop)
///   #expect(try counter.map("packets").value(of: IPv4Address(10, 0, 0, 1), as: UInt64.self) == 1)
/// }
/// ```
public final class TestProgram: Sendable {
  /// What was loaded.
  public let loaded: Loaded
  /// The program that ``run(_:context:)`` runs.
  public let program: Program
  public let host: TestHost
  /// The time that the program sees; in userspace it stands still until the test moves it. The kernel has its own.
  public let clock: VirtualClock
  /// What ran so far, on ``TestHost/userspace``.
  public let coverage: ExecutionCounts

  /// Compiles sources (Swift or C), or reads an object, and loads it.
  /// - Parameters:
  ///   - path: A source, a folder of Swift sources, or an object (`.o`).
  ///   - name: The program to run, where there are several.
  ///   - configure: Changes the object before it is loaded: sets variables, resizes maps.
  /// - Throws: ``ToolchainError``, ``ObjectError``, or ``HostError`` with the verifier's reason.
  public convenience init(
    _ path: String, program name: String? = nil, on host: TestHost = .userspace, options: CompileOptions = CompileOptions(),
    configure: (inout ObjectSpec) throws -> Void = { _ in }
  ) async throws {
    let bytes = path.hasSuffix(".o") ? try Self.read(path) : try await Toolchain.compile([path], options: options).object
    var object = try ObjectSpec(bytes: bytes, name: path)
    try configure(&object)
    try self.init(object, program: name, on: host)
  }

  /// Loads an object.
  public init(_ object: ObjectSpec, program name: String? = nil, on host: TestHost = .userspace) throws {
    let clock = VirtualClock()
    let coverage = ExecutionCounts()
    var options = LoadOptions()
    let loaded: Loaded
    switch host {
    case .userspace:
      options.engine = .checked
      options.clock = clock
      options.coverage = coverage
      loaded = try UserspaceHost().load(object, options: options)
    case .userspaceJIT:
      options.clock = clock
      loaded = try UserspaceHost().load(object, options: options)
    case .kernel:
      loaded = try KernelHost().load(object, options: options)
    }
    if let name {
      program = try loaded.program(name)
    } else {
      guard loaded.programs.count == 1, let only = loaded.programs.first else {
        let names = loaded.programs.map(\.spec.name).joined(separator: ", ")
        loaded.close()
        throw HostError(.notFound, "the object has several programs; name one of them: \(names)")
      }
      program = only
    }
    self.loaded = loaded
    self.host = host
    self.clock = clock
    self.coverage = coverage
  }

  deinit { loaded.close() }

  private static func read(_ path: String) throws(HostError) -> [UInt8] {
    do { return try FileSystem.read(path) } catch { throw HostError(.notFound, "\(path): \(error.words)", errno: error.errno) }
  }

  /// Runs the program once on a packet.
  public func run(_ packet: TestPacket, context: [UInt8] = []) throws(HostError) -> TestOutcome {
    try run(packet.bytes, context: context)
  }

  /// Runs the program once on bytes, as its kind takes them: a packet, the memory of a raw program.
  public func run(_ data: [UInt8] = [], context: [UInt8] = []) throws(HostError) -> TestOutcome {
    let result = try program.run(TestInput(data: data, context: context))
    return TestOutcome(program: program.spec, input: data, result: result)
  }

  /// Runs the program once on a packet with a context, as the kernel's structure for it (`__sk_buff`, `xdp_md`).
  public func run<Context>(_ packet: TestPacket, context: Context) throws(HostError) -> TestOutcome {
    try run(packet.bytes, context: TestOutcome.bytes(of: context))
  }

  /// Runs the program once on a context alone: a tracepoint's record, arguments, registers.
  public func run<Context>(context: Context) throws(HostError) -> TestOutcome {
    try run([], context: TestOutcome.bytes(of: context))
  }

  /// Runs the program on each packet of a capture, in order.
  /// - Returns: an outcome for each.
  public func run(over capture: Capture) throws -> [TestOutcome] { try capture.packets.map { try run(Array(capture.data(of: $0))) } }

  /// A map of the object, with entries that a test can set and look at.
  public func map(_ name: String) throws(HostError) -> TestMap { TestMap(map: try loaded.map(name)) }
}
