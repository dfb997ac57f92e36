public import BPF
public import EBPFCapture
public import EBPFHost
import EBPFObject
import EBPFRuntime

/// Runs a program's functions as what they are in a native build: functions of Swift, with the userspace host's helpers, maps and packets behind
/// them. Breakpoints stop in them, coverage counts them and sanitizers watch them.
/// ```swift
/// @testable import Counter
///
/// @Test func discardIsDropped() throws {
///   let native = NativeHost()
///   let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").udp(from: 4000, to: 9)
///   try native.run(filter, on: packet).expect(XDPAction.drop)
///   #expect(try native.map(sources).value(of: IPv4Address(10, 0, 0, 1), as: UInt64.self) == 1)
/// }
/// ```
/// Each host has its own maps, settings and time, so that tests may run at the same time. The program's variables (`var`) are the process's:
/// tests that look at one must not run at the same time as others (`.serialized`).
///
/// Nothing is verified here, and a check that fails (an overflow, an index out of bounds) ends the process as it does in any Swift, where eBPF
/// ends the program; ``TestProgram`` runs the object.
public final class NativeHost: Sendable {
  /// The time that programs see, which stands still until ``advance(by:)``.
  public let clock: VirtualClock
  private let instance: NativeInstance

  /// - Parameters:
  ///   - processorCount: How many processors programs see, and values a per-CPU map has; the machine's own number unless set.
  ///   - trace: Receives what programs print (`printk`), a line at a time.
  public init(processorCount: Int? = nil, trace: (@Sendable (String) -> Void)? = nil) {
    clock = VirtualClock()
    instance = NativeInstance(processors: processorCount ?? UserspaceHost().processorCount, clock: clock, trace: trace)
  }

  // MARK: Programs

  /// Runs a program once on a packet.
  /// - Parameters:
  ///   - function: The program, or any function of its kind of context.
  ///   - section: The program's section, which says what it is run on; that of the kind where none is given (`xdp`, `tc`, `socket`).
  ///   - context: As in ``TestProgram/run(_:context:)-(TestPacket,_)``.
  /// - Throws: ``HostError`` where the program asks for a helper or map that the userspace host does not have.
  public func run<Context: ProgramContext, Answer>(
    _ function: (Context) -> Answer, section: String? = nil, on packet: TestPacket, context: [UInt8] = []
  ) throws(HostError) -> TestOutcome {
    try run(function, section: section, on: packet.bytes, context: context)
  }

  /// Runs a program once on bytes, as its kind takes them: a packet, or for other kinds a context alone.
  public func run<Context: ProgramContext, Answer>(
    _ function: (Context) -> Answer, section: String? = nil, on data: [UInt8] = [], context: [UInt8] = []
  ) throws(HostError) -> TestOutcome {
    try withProgram(function, section) { (program) throws(HostError) in
      let result = try program.run(TestInput(data: data, context: context))
      return TestOutcome(program: program.spec, input: data, result: result)
    }
  }

  /// Runs a program once on a packet with a context, as the kernel's structure for it (`__sk_buff`, `xdp_md`).
  public func run<Context: ProgramContext, Answer, Fields>(
    _ function: (Context) -> Answer, section: String? = nil, on packet: TestPacket, context: Fields
  ) throws(HostError) -> TestOutcome {
    try run(function, section: section, on: packet.bytes, context: TestOutcome.bytes(of: context))
  }

  /// Runs a program once on a context alone: a tracepoint's record, arguments, registers.
  public func run<Context: ProgramContext, Answer, Fields>(
    _ function: (Context) -> Answer, section: String? = nil, context: Fields
  ) throws(HostError) -> TestOutcome {
    try run(function, section: section, on: [], context: TestOutcome.bytes(of: context))
  }

  /// Runs a program on each packet of a capture, in order.
  /// - Returns: an outcome for each.
  public func run<Context: ProgramContext, Answer>(
    _ function: (Context) -> Answer, section: String? = nil, over capture: Capture
  ) throws -> [TestOutcome] {
    try capture.packets.map { try run(function, section: section, on: Array(capture.data(of: $0))) }
  }

  /// Calls any code of a program, with its maps and helpers at hand but no context.
  /// - Returns: what `body` returned.
  public func call<Result>(_ body: () -> Result) throws(HostError) -> Result {
    var result: Result?
    try instance.call { result = body() }
    guard let result else { throw HostError(.fault, "the code that was called went on to another program") }
    return result
  }

  /// Puts a program where another goes on to it (``ProgramArray``).
  public func put<Context: ProgramContext, Answer>(
    _ function: @escaping @Sendable (Context) -> Answer, section: String? = nil, at index: UInt32, in programs: borrowing ProgramArray
  ) throws(HostError) {
    let program = try instance.program("program", section: try Self.section(section, Context.self), Self.body(of: function))
    try instance.map(of: programs.declaration).update(memory(of: index), program: program)
  }

  private func withProgram<Context: ProgramContext, Answer, Result>(
    _ function: (Context) -> Answer, _ section: String?, _ body: (Program) throws(HostError) -> Result
  ) throws(HostError) -> Result {
    try withoutActuallyEscaping(function) { (function) throws(HostError) in
      try body(try instance.program("program", section: try Self.section(section, Context.self), Self.body(of: function)))
    }
  }

  /// A program as the runtime calls it. A context is a structure around one pointer.
  private static func body<Context: ProgramContext, Answer>(
    of function: @escaping (Context) -> Answer
  ) -> (UnsafeMutableRawPointer) -> UInt64 {
    precondition(MemoryLayout<Context>.size == MemoryLayout<UnsafeMutableRawPointer>.size, "\(Context.self) is no context of a program")
    return { UInt64(NativeAnswer.word(function(unsafeBitCast($0, to: Context.self)))) }
  }

  // MARK: Maps, settings, time

  /// A map of the program, which is made when it is first asked for: with entries that a test can set and look at.
  /// - Throws: ``HostError`` where the userspace host does not have maps of the type.
  public func map(_ map: borrowing some DeclaredMap & ~Copyable) throws(HostError) -> TestMap {
    TestMap(map: try instance.map(of: map.declaration))
  }

  /// Puts a new, empty map under a key of a map of maps.
  /// - Returns: the map.
  @discardableResult
  public func putMap<Key: BitwiseCopyable>(
    under key: Key, of outer: borrowing some DeclaredMap & ~Copyable
  ) throws(HostError) -> TestMap {
    let inner = try instance.innerMap(of: outer.declaration)
    try instance.map(of: outer.declaration).update(memory(of: key), map: inner)
    return TestMap(map: inner)
  }

  /// Gives a setting of the program a value, for this host.
  public func set<Value: BitwiseCopyable>(_ setting: borrowing Setting<Value>, to value: Value) {
    let declaration = setting.declaration
    withUnsafeBytes(of: value) { instance.set(declaration, to: $0) }
  }

  /// Moves the clock on; timers of the program that come to their time on the way fire, each at its time.
  public func advance(by duration: Duration) throws(HostError) {
    let (seconds, attoseconds) = duration.components
    try instance.advance(by: UInt64(max(0, seconds)) &* 1_000_000_000 &+ UInt64(max(0, attoseconds) / 1_000_000_000))
  }
}
