import EBPFHost
import EBPFObject

extension UserspaceProgram {
  /// Runs a raw-memory program: r1 is the memory's address, r2 its length in bytes.
  func runOnMemory(_ input: TestInput) throws(HostError) -> TestResult {
    guard input.context.isEmpty else {
      throw HostError(.badArgument, "program '\(spec.name)' works on raw memory: it takes data, and no context")
    }
    let (result, data) = try run(on: input.data, .memory, repeatCount: input.repeatCount)
    return TestResult(returnValue: result.result, data: data, nanoseconds: result.nanoseconds)
  }

  /// Runs a program whose context is the caller's bytes: raw tracepoint arguments, a syscall program's memory, registers of a probe.
  func runOnContext(_ input: TestInput) throws(HostError) -> TestResult {
    guard input.data.isEmpty else { throw HostError(.badArgument, "program '\(spec.name)' takes a context, and no data") }
    guard input.context.count <= Int(UInt16.max) else {
      throw HostError(.badArgument, "a context of \(input.context.count) bytes; at most \(UInt16.max)")
    }
    let (result, context) = try run(on: input.context, .context, repeatCount: input.repeatCount)
    return TestResult(returnValue: result.result, data: [], context: context, nanoseconds: result.nanoseconds)
  }

  /// Runs the program on a copy of `bytes`: r1 is its address, r2 its length.
  /// - Returns: what the program gave, and the copy as it left it.
  private func run(
    on bytes: [UInt8], _ kind: MemoryRegion.Kind, repeatCount: Int
  ) throws(HostError) -> ((result: UInt64, nanoseconds: Double), [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    let outcome = try withRun(hook: nil) { (run) throws(HostError) -> (result: UInt64, nanoseconds: Double) in
      if let base = memory.baseAddress { run.addRegion(base, memory.count, kind) }
      let outcome = run.repeated(repeatCount, UInt64(UInt(bitPattern: memory.baseAddress)), UInt64(memory.count))
      try checkStopped(run)
      return outcome
    }
    return (outcome, [UInt8](memory))
  }
}
