import EBPFHost
import EBPFObject
import EBPFTables

/// Native programs with the maps, settings and time that they share: what ``UserspaceHost/load(_:options:)`` makes of an object.
package final class NativeInstance: Sendable {
  private let instance: Instance
  private let maps: NativeMaps
  private let clock: VirtualClock

  /// - Parameter processors: How many processors programs see.
  package init(processors: Int, clock: VirtualClock, trace: (@Sendable (String) -> Void)?) {
    var options = LoadOptions()
    options.clock = clock
    options.trace = trace
    let processors = max(1, min(processors, ProcessorSlots.capacity))
    maps = NativeMaps(processors: processors, clock: clock)
    instance = Instance(object: ObjectSpec(), maps: [], processors: processors, options: options, native: maps)
    self.clock = clock
  }

  deinit { maps.close() }

  /// A program that is a function.
  /// - Parameters:
  ///   - section: The section that its source says, which decides its type and so what it is run on.
  ///   - body: Given the address of its context; r0.
  /// - Throws: ``HostError`` where no run of the type can be had in this process.
  package func program(
    _ name: String, section: String, _ body: @escaping (UnsafeMutableRawPointer) -> UInt64
  ) throws(HostError) -> Program {
    guard let meaning = SectionName(section) else {
      throw HostError(.badArgument, "'\(section)' is no section of programs: it says no program type")
    }
    let spec = ProgramSpec(
      name: name, section: section, type: meaning.type, expectedAttachType: meaning.expectedAttachType, attachTarget: meaning.attachTarget,
      instructions: [])
    let shape = RunShape(meaning.type)
    switch shape.input {
    // Bytes of the caller's, whatever they are.
    case .context, .memory, .xdp, .socketBuffer: break
    case .flowDissector, .netfilter, .socketLookup: throw RunShape.noHook(spec)
    }
    let code = ProgramCode(spec: spec, type: meaning.type, shape: shape, executable: .native(NativeFunction(body)), proved: nil)
    return Program(spec: spec, backend: UserspaceProgram(code: code, instance: instance))
  }

  /// The map that the global at an address declares.
  package func map(of declaration: UnsafeRawPointer) throws(HostError) -> Map {
    let map = try maps.map(of: declaration).get()
    return Map(spec: map.spec, backend: map)
  }

  /// A map as the inner ones of a map of maps must be, which belongs to nobody yet.
  package func innerMap(of declaration: UnsafeRawPointer) throws(HostError) -> Map {
    let outer = try maps.map(of: declaration).get()
    guard let spec = outer.spec.inner.first else {
      throw HostError(.badArgument, "a \(outer.spec.type) holds no maps", errno: 0)
    }
    let map = try MapCreator(processors: instance.processors, btf: nil).create(spec)
    return Map(spec: map.spec, backend: map)
  }

  /// Gives a setting a value for the programs of this instance.
  package func set(_ declaration: UnsafeRawPointer, to bytes: UnsafeRawBufferPointer) { maps.set(declaration, to: bytes) }

  /// Calls `body` as a program that has no context: helpers and maps are those of this instance.
  /// - Throws: ``HostError`` where a helper or map is not there.
  package func call(_ body: () -> Void) throws(HostError) { try call { _ in body() } }

  private func call(_ body: (Environment) -> Void) throws(HostError) {
    try withoutActuallyEscaping(body) { (body) throws(HostError) in
      // r0 of a syscall program; its context is the environment of the run.
      let program = try program("call", section: "syscall") { context in
        body(context.assumingMemoryBound(to: Environment.Pointee.self))
        return 0
      }
      guard let backend = program.backend as? UserspaceProgram else { return }
      try backend.withRun(hook: nil) { (run) throws(HostError) in
        _ = run(UInt64(UInt(bitPattern: run.environment)), 0)
        try backend.checkStopped(run)
      }
    }
  }

  /// Moves the clock on, and lets the timers fire that come to their time on the way, each at its time.
  package func advance(by nanoseconds: UInt64) throws(HostError) {
    let end = clock.nanoseconds &+ nanoseconds
    while let due = maps.timers.takeNext(upTo: end) {
      if due.deadline > clock.nanoseconds { clock.nanoseconds = due.deadline }
      try call { maps.timers.fire(due, $0) }
    }
    clock.nanoseconds = end
  }
}
