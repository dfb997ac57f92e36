import EBPFHost
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension UserspaceProgram {
  /// Runs a raw-memory program: r1 is the memory's address, r2 its length in bytes.
  func runOnMemory(_ input: TestInput) throws(HostError) -> TestResult {
    guard input.context.isEmpty else {
      throw HostError(.badArgument, "program '\(spec.name)' works on raw memory: it takes data, and no context")
    }
    if let proved = code.proved, input.data.count != proved.memory {
      throw HostError(
        .badArgument,
        "program '\(spec.name)' was proved for \(proved.memory) bytes of memory, not \(input.data.count): load it with that "
          + "LoadOptions.memorySize")
    }
    let (result, data) = try run(on: input.data, size: input.data.count, .memory, repeatCount: input.repeatCount)
    return TestResult(returnValue: result.result, data: data, nanoseconds: result.nanoseconds)
  }

  /// Runs a program whose context is the caller's bytes: raw tracepoint arguments, a syscall program's memory, registers of a probe.
  ///
  /// As in the kernel's test run (`bpf_prog_test_run_raw_tp`, `bpf_prog_test_run_syscall`) they must reach as far as the program does.
  func runOnContext(_ input: TestInput) throws(HostError) -> TestResult {
    guard input.data.isEmpty else { throw HostError(.badArgument, "program '\(spec.name)' takes a context, and no data") }
    // Twelve arguments of a tracepoint (`MAX_BPF_FUNC_ARGS`); elsewhere what 16 bits count.
    let most = type == .rawTracepoint ? 12 * 8 : Int(UInt16.max)
    guard input.context.count <= most else {
      throw HostError(
        .badArgument, "program '\(spec.name)' takes at most \(most) bytes of context, and \(input.context.count) were given", errno: EINVAL)
    }
    if let proved = code.proved, input.context.count < proved.context {
      throw HostError(
        .badArgument,
        "program '\(spec.name)' accesses \(proved.context) bytes of context, and \(input.context.count) were given: give at least that many",
        errno: EINVAL)
    }
    // A program that is called from this one was checked against no size, and so was a function of this process: behind the bytes are zeros
    // as far as any program may reach.
    var isUnchecked = code.makesTailCalls
    if case .native = code.executable { isUnchecked = true }
    let size = isUnchecked ? Int(UInt16.max) + 8 : input.context.count
    let (result, context) = try run(on: input.context, size: size, .context, repeatCount: input.repeatCount)
    return TestResult(returnValue: result.result, data: [], context: context, nanoseconds: result.nanoseconds)
  }

  /// Runs the program on a copy of `bytes`, with zeros behind it up to `size`: r1 is its address, r2 the length of `bytes`.
  /// - Returns: what the program gave, and the copy as it left it.
  private func run(
    on bytes: [UInt8], size: Int, _ kind: MemoryRegion.Kind, repeatCount: Int
  ) throws(HostError) -> ((result: UInt64, nanoseconds: Double), [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    UnsafeMutableRawBufferPointer(rebasing: memory[bytes.count...]).initializeMemory(as: UInt8.self, repeating: 0)
    let outcome = try withRun(hook: nil) { (run) throws(HostError) -> (result: UInt64, nanoseconds: Double) in
      if let base = memory.baseAddress { run.addRegion(base, memory.count, kind) }
      let outcome = run.repeated(repeatCount, UInt64(UInt(bitPattern: memory.baseAddress)), UInt64(bytes.count))
      try checkStopped(run)
      return outcome
    }
    return (outcome, [UInt8](memory.prefix(bytes.count)))
  }
}
