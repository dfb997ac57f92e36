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

  package func run(_ input: TestInput) throws(HostError) -> TestResult {
    try checkOpen()
    return switch HookKind(type) {
    case .memory: try runOnMemory(input)
    case .xdp: try runXDP(input)
    case .socketBuffer(let layer): try runSocketBuffer(input, layer: layer)
    case .context: try runOnContext(input)
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
      case .fault, .none: "stopped"
      }
    return HostError(.fault, "program '\(spec.name)'\(slot): \(reason)")
  }
}

/// What a program type's context is made of.
enum HookKind {
  /// r1 is a memory area, r2 its length.
  case memory
  /// `struct xdp_md`.
  case xdp
  /// `struct __sk_buff`, whose data begins at the link or the network header.
  case socketBuffer(Layer)
  /// A context that the caller gives as bytes.
  case context

  /// Where a socket buffer's data begins, and whether programs access it directly.
  enum Layer {
    /// At the link header: traffic control.
    case link
    /// At the network header: cgroups and lightweight tunnels.
    case network
    /// At the network header, without direct access: socket filters.
    case filter
  }

  init(_ type: ProgramType) {
    switch type.rawValue {
    case ProgramType.rawMemory.rawValue: self = .memory
    case 6: self = .xdp
    case 1: self = .socketBuffer(.filter)
    case 3, 4: self = .socketBuffer(.link)
    case 8, 10, 11, 12, 19: self = .socketBuffer(.network)
    default: self = .context
    }
  }
}
