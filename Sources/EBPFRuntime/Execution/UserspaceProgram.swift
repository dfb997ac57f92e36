import CEBPF
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFTables
import Synchronization

/// A program loaded into this process.
package final class UserspaceProgram: ProgramBackend {
  let code: ProgramCode
  package var engine: LoadOptions.Engine? { code.executable.name }
  /// The instance that the program belongs to; it lives as long as the program.
  let instance: Instance
  private let isClosed = Atomic<Bool>(false)

  init(code: ProgramCode, instance: Instance) {
    self.code = code
    self.instance = instance
  }

  var spec: ProgramSpec { code.spec }
  var type: ProgramType { code.type }
  var executable: Engine { code.executable }
  var answer: RunShape.Answer { code.shape.answer }

  package func run(_ input: TestInput) throws(HostError) -> TestResult {
    try checkOpen()
    switch code.shape.input {
    case .memory: return try runOnMemory(input)
    case .xdp: return try runXDP(input)
    case .socketBuffer(let layer): return try runSocketBuffer(input, layer: layer)
    case .context: return try runOnContext(input)
    case .flowDissector, .netfilter, .socketLookup: throw RunShape.noHook(spec)
    }
  }

  package func close() { isClosed.store(true, ordering: .releasing) }

  /// - Throws: ``HostError`` with ``HostError/Code/closed`` after ``close()``.
  func checkOpen() throws(HostError) {
    if isClosed.load(ordering: .acquiring) { throw HostError(.closed, "program '\(spec.name)' was closed") }
  }

  /// Throws where a run ended without an `exit`.
  func checkStopped(_ run: borrowing ProgramRun) throws(HostError) {
    let state = runState(run.environment)
    guard state.pointee.stopped != .none else { return }
    throw stopError(run)
  }

  private func stopError(_ run: borrowing ProgramRun) -> HostError {
    let state = runState(run.environment)
    if let failure = state.pointee.native?.pointee.failure {
      return HostError(failure.code, "program '\(spec.name)': \(failure.message)", errno: failure.errno, underlying: failure.underlying)
    }
    if let fault = run.fault {
      let line = fault.program == spec.name ? spec.line(at: fault.slot) : nil
      let place = line.map { " (\($0.file):\($0.line))" } ?? ""
      return HostError(.fault, "program '\(fault.program)', instruction \(fault.slot)\(place): \(fault.message)", underlying: fault)
    }
    var slot = ""
    if case .interpreter(let program) = executable, let index = program.slot(at: state.pointee.stoppedAt) {
      slot = ", instruction \(index)"
    }
    let reason =
      switch state.pointee.stopped {
      case .unknownHelper: "a register call of a helper that there is not"
      case .stackOverflow: "calls nest too deep"
      case .unreachable: "runs off the end of the program, or into the second half of an ld_imm64"
      case .fault, .native, .none: "stopped"
      }
    return HostError(.fault, "program '\(spec.name)'\(slot): \(reason)")
  }
}

extension RunShape {
  /// Whether this process can give programs of a type what they run on. It cannot where their context holds addresses (of a packet, of sockets)
  /// that no hook here fills in: bytes of a caller's must never become addresses.
  func hasHook(_ type: ProgramType, attachType: AttachType?) -> Bool {
    switch input {
    case .memory, .xdp, .socketBuffer: true
    // Where the kernel has no such programs, the verifier lets none touch its context.
    case .context: ContextLayout.find(type, attachType: attachType)?.holdsOnlyNumbers ?? true
    case .flowDissector, .netfilter, .socketLookup: false
    }
  }

  /// The answer to a run on what ``hasHook(_:attachType:)`` says is not there: never given, because such programs are not loaded.
  static func noHook(_ spec: ProgramSpec) -> HostError {
    HostError(.unsupported, "program '\(spec.name)' works on what this process does not have: a kernel's packets and sockets")
  }
}
