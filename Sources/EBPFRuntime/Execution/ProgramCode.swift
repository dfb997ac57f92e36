import CEBPF
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFTables

/// A program's executable form and what a prog array holds of it: all of a program that a run by tail call needs. It does not keep the
/// program's maps; whoever enters it does.
final class ProgramCode: Sendable {
  let spec: ProgramSpec
  let type: ProgramType
  /// What a run of it is given.
  let shape: RunShape
  let executable: Engine
  /// What the proof assumes of the memory that a run gives to the program; `nil` of an unproved program.
  let proved: ProvedSizes?
  /// What the host API shows for the program where it is a value in a map.
  let id = UserspaceID.next()
  /// What a prog array holds, at an address that does not change.
  nonisolated(unsafe) let record: UnsafeMutablePointer<ebpf_program>

  init(spec: ProgramSpec, type: ProgramType, shape: RunShape, executable: Engine, proved: ProvedSizes?) {
    self.spec = spec
    self.type = type
    self.shape = shape
    self.executable = executable
    self.proved = proved
    record = .allocate(capacity: 1)
    record.initialize(to: ebpf_program())
    record.pointee.type = type.rawValue
    record.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    switch executable {
    case .interpreter(let program): record.pointee.instructions = UnsafeRawPointer(program.instructions)
    case .machineCode(let code): record.pointee.tail_call_entry = code.tailCallEntry
    case .checked: break
    case .native(let function): record.pointee.instructions = UnsafeRawPointer(Unmanaged.passUnretained(function).toOpaque())
    }
  }

  deinit { record.deallocate() }

  /// What programs that it calls must share with it.
  var kind: ProgramKind { ProgramKind(type: type, attachType: spec.expectedAttachType, engine: executable.name) }

  /// Whether it makes tail calls, so that a run may come to other programs of its kind.
  var makesTailCalls: Bool {
    spec.instructions.contains {
      $0.opcode == Opcode.callHelper && $0.source == CallSource.helper && $0.immediate == Int32(HelperTable.tailCall)
    }
  }
}

/// Bytes behind r1 for which a program was proved safe.
struct ProvedSizes: Sendable {
  /// The context has so many at least.
  var context: Int
  /// A raw-memory program's memory has so many, neither more nor fewer: r2 is that constant.
  var memory: Int
}
