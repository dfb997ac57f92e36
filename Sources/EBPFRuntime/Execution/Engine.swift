import CEBPF
import EBPFHost
import EBPFISA

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A program in the form in which it is executed.
enum Engine: Sendable {
  case interpreter(DecodedProgram)
  case machineCode(MachineCode)
  case checked(CheckedProgram)
  /// A function of this process.
  case native(NativeFunction)

  /// The name under which a caller asks for it; a function is none of them.
  var name: LoadOptions.Engine? {
    switch self {
    case .interpreter: .interpreter
    case .machineCode: .jit
    case .checked: .checked
    case .native: nil
    }
  }
}

/// A run's memory and environment, ready to call the program as often as wanted; made by ``UserspaceProgram/withRun(hook:_:)``.
struct ProgramRun: ~Copyable {
  let environment: UnsafeMutablePointer<ebpf_environment>
  fileprivate let registers: UnsafeMutablePointer<UInt64>
  fileprivate let framePointer: UInt64
  fileprivate let entry: ebpf_entry?
  fileprivate let instructions: UnsafePointer<DecodedInstruction>?
  fileprivate let checked: CheckedInterpreter?
  fileprivate var native: NativeRun?
  /// The slot that the run holds, and what it announces there.
  fileprivate let slot: UnsafeMutablePointer<UInt64>
  fileprivate let epoch: UnsafeMutablePointer<UInt64>

  /// Runs the program once.
  @inline(__always)
  func callAsFunction(_ r1: UInt64, _ r2: UInt64) -> UInt64 {
    if let entry { return compiled(entry, r1, r2) }
    if let instructions { return interpreted(instructions, r1, r2) }
    begin()
    if let checked { return checked.run(r1, r2) }
    return native.unsafelyUnwrapped.run(r1)
  }

  /// What every run begins with.
  @inline(__always)
  private func begin() {
    ProcessorSlots.announce(slot, epoch)
    environment.pointee.tail_calls_left = UInt32(Limits.tailCalls)
  }

  @inline(__always)
  private func compiled(_ entry: ebpf_entry, _ r1: UInt64, _ r2: UInt64) -> UInt64 {
    begin()
    return entry(r1, r2, environment)
  }

  @inline(__always)
  private func interpreted(_ instructions: UnsafePointer<DecodedInstruction>, _ r1: UInt64, _ r2: UInt64) -> UInt64 {
    begin()
    registers[1] = r1
    registers[2] = r2
    registers[10] = framePointer
    enterOutermostFrame(framePointer)
    return interpret(instructions, registers, environment)
  }

  /// What ended the last run before its `exit`.
  var stopped: StopReason { runState(environment).pointee.stopped }
}

extension UserspaceProgram {
  /// Sets up what a run needs (processor slot, stack, environment), hands it to `body` and gives it back.
  func withRun<Result: ~Copyable, Failure: Error>(
    hook: UnsafeMutableRawPointer?, _ body: (borrowing ProgramRun) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let stack = ExecutionStack()
    let processor = ProcessorSlots.lease(below: instance.processors)
    defer { ProcessorSlots.release(processor) }
    let slot = ProcessorSlots.word(processor)
    let epoch = ProcessorSlots.epoch
    var state = RunState(
      registers: stack.registers, stackLimit: stack.limit, helpers: HelperTable.shared,
      instance: UnsafeRawPointer(Unmanaged.passUnretained(instance).toOpaque()))
    if let clock = instance.clock { state.clock = UnsafeRawPointer(Unmanaged.passUnretained(clock).toOpaque()) }
    return try withExtendedLifetime(self) { () throws(Failure) -> Result in
      try withUnsafeMutablePointer(to: &state) { (state) throws(Failure) -> Result in
        var environment = ebpf_environment()
        environment.state = UnsafeMutableRawPointer(state)
        environment.hook = hook
        environment.cpu = UInt32(processor)
        return try withUnsafeMutablePointer(to: &environment) { (environment) throws(Failure) -> Result in
          switch executable {
          case .interpreter(let program):
            environment.pointee.call = callInterpreted
            return try body(
              ProgramRun(
                environment: environment, registers: stack.registers, framePointer: stack.framePointer, entry: nil,
                instructions: UnsafePointer(program.instructions), checked: nil, slot: slot, epoch: epoch))
          case .machineCode(let code):
            environment.pointee.call = callCompiled
            return try body(
              ProgramRun(
                environment: environment, registers: stack.registers, framePointer: stack.framePointer, entry: code.entry,
                instructions: nil, checked: nil, slot: slot, epoch: epoch))
          case .checked(let program):
            let interpreter = CheckedInterpreter(program: program, environment: environment, coverage: instance.coverage)
            environment.pointee.call = callChecked
            state.pointee.checked = UnsafeRawPointer(Unmanaged.passUnretained(interpreter).toOpaque())
            return try body(
              ProgramRun(
                environment: environment, registers: stack.registers, framePointer: stack.framePointer, entry: nil, instructions: nil,
                checked: interpreter, slot: slot, epoch: epoch))
          case .native(let function):
            return try NativeRun.with(function, environment) { (native) throws(Failure) -> Result in
              try body(
                ProgramRun(
                  environment: environment, registers: stack.registers, framePointer: stack.framePointer, entry: nil, instructions: nil,
                  checked: nil, native: native, slot: slot, epoch: epoch))
            }
          }
        }
      }
    }
  }
}

/// Runs a function of an interpreted program for a helper: ``ebpf_environment/call`` of the interpreter.
private func callInterpreted(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ function: UInt64, _ r1: UInt64, _ r2: UInt64, _ r3: UInt64, _ r4: UInt64,
  _ r5: UInt64
) -> UInt64 {
  let state = runState(environment)
  let caller = state.pointee.registers.unsafelyUnwrapped
  let framePointer = caller[10] &- UInt64(Frame.stride)
  guard framePointer >= state.pointee.stackLimit, let start = UnsafePointer<DecodedInstruction>(bitPattern: UInt(function)) else {
    state.pointee.stopped = .stackOverflow
    return 0
  }
  return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 16) { buffer in
    let registers = buffer.baseAddress.unsafelyUnwrapped
    registers.initialize(repeating: 0, count: 16)
    registers[1] = r1
    registers[2] = r2
    registers[3] = r3
    registers[4] = r4
    registers[5] = r5
    registers[10] = framePointer
    enterOutermostFrame(framePointer)
    state.pointee.registers = registers
    defer { state.pointee.registers = caller }
    return interpret(start, registers, environment)
  }
}

/// Runs a function of a compiled program for a helper: its value is the address of a thunk that is called like a helper.
private func callCompiled(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ function: UInt64, _ r1: UInt64, _ r2: UInt64, _ r3: UInt64, _ r4: UInt64,
  _ r5: UInt64
) -> UInt64 {
  unsafeBitCast(UInt(function), to: ebpf_helper.self)(r1, r2, r3, r4, r5, environment)
}

/// Runs a function of a program in checked mode: its value is the tagged slot that the checked interpreter gave it.
private func callChecked(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ function: UInt64, _ r1: UInt64, _ r2: UInt64, _ r3: UInt64, _ r4: UInt64,
  _ r5: UInt64
) -> UInt64 {
  Unmanaged<CheckedInterpreter>.fromOpaque(runState(environment).pointee.checked.unsafelyUnwrapped)._withUnsafeGuaranteedRef {
    $0.call(function, r1, r2, r3, r4, r5)
  }
}

extension ProgramRun {
  /// What the checked interpreter caught in the last run.
  var fault: Fault? { checked?.fault }

  /// Tells the checked interpreter what memory the hook gives to the program; the other engines need not know.
  func addRegion(_ start: UnsafeRawPointer, _ byteCount: Int, _ kind: MemoryRegion.Kind, isWritable: Bool = true) {
    checked?.regions.append(
      MemoryRegion(start: UInt64(UInt(bitPattern: start)), size: UInt64(byteCount), kind: kind, isWritable: isWritable))
  }

  /// Runs the program so many times on the same arguments, as the kernel's test run does, and takes the thread's CPU time.
  /// - Returns: the last result, and nanoseconds a run.
  func repeated(_ count: Int, _ r1: UInt64, _ r2: UInt64) -> (result: UInt64, nanoseconds: Double) {
    let count = max(1, count)
    let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
    var result: UInt64 = 0
    // Which engine it is, is asked once.
    if let entry {
      var left = count
      repeat {
        result = compiled(entry, r1, r2)
        left &-= 1
      } while left > 0 && stopped == .none
    } else if let instructions {
      var left = count
      repeat {
        result = interpreted(instructions, r1, r2)
        left &-= 1
      } while left > 0 && stopped == .none
    } else {
      for _ in 0..<count {
        result = self(r1, r2)
        if stopped != .none { break }
      }
    }
    return (result, Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / Double(count))
  }
}
