import CEBPF
import EBPFHost
import EBPFObject
import EBPFTables

/// A program's executable form and what a prog array holds of it: all of a program that a run by tail call needs. It does not keep the
/// program's maps; whoever enters it does.
final class ProgramCode: Sendable {
  let spec: ProgramSpec
  let type: ProgramType
  let executable: Engine
  /// What the host API shows for the program where it is a value in a map.
  let id = UserspaceID.next()
  /// What a prog array holds, at an address that does not change.
  nonisolated(unsafe) let record: UnsafeMutablePointer<ebpf_program>

  init(spec: ProgramSpec, type: ProgramType, executable: Engine) {
    self.spec = spec
    self.type = type
    self.executable = executable
    record = .allocate(capacity: 1)
    record.initialize(to: ebpf_program())
    record.pointee.type = type.rawValue
    record.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    switch executable {
    case .interpreter(let program): record.pointee.instructions = UnsafeRawPointer(program.instructions)
    case .machineCode(let code): record.pointee.tail_call_entry = code.tailCallEntry
    case .checked: break
    }
  }

  deinit { record.deallocate() }

  /// What programs that it calls must share with it.
  var kind: ProgramKind { ProgramKind(type: type, attachType: spec.expectedAttachType, engine: executable.name) }
}
