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
    return switch code.hook {
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
enum HookKind: Sendable {
  /// r1 is a memory area, r2 its length.
  case memory
  /// `struct xdp_md`.
  case xdp
  /// `struct __sk_buff`, whose data begins at the link or the network header.
  case socketBuffer(Layer)
  /// A context that the caller gives as bytes, and that holds numbers only.
  case context

  /// Where a socket buffer's data begins, and whether programs access it directly.
  enum Layer: Sendable {
    /// At the link header: traffic control.
    case link
    /// At the network header: cgroups and lightweight tunnels.
    case network
    /// At the network header, without direct access: socket filters.
    case filter
  }

  /// `nil` for types whose context holds addresses (of a packet, of sockets) that no hook here fills in: bytes of the caller's must never
  /// become addresses.
  init?(_ type: ProgramType, attachType: AttachType?) {
    switch type {
    case .rawMemory: self = .memory
    case .xdp: self = .xdp
    case .socketFilter: self = .socketBuffer(.filter)
    case .schedCls, .schedAct: self = .socketBuffer(.link)
    case .cgroupSkb, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local: self = .socketBuffer(.network)
    default:
      // Where the kernel has no such programs, the verifier lets none touch its context.
      guard ContextLayout.find(type, attachType: attachType)?.holdsOnlyNumbers ?? true else { return nil }
      self = .context
    }
  }
}
