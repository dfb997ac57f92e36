import CEBPF
import EBPFISA

/// What the runtime keeps of one run: a plain struct behind ``ebpf_environment/state``, so that neither the interpreter nor a helper touches
/// a reference count. It lives on the stack of whoever runs the program; the objects that it points to are kept alive there.
package struct RunState {
  /// The registers of the innermost interpreter loop; a callback finds the frame below which the stack is free through them.
  var registers: UnsafeMutablePointer<UInt64>?
  /// The lowest address that a frame may take.
  var stackLimit: UInt64
  /// The helpers by number, ``HelperTable/capacity`` of them.
  var helpers: UnsafePointer<ebpf_helper?>
  /// What ended the run before its `exit`, if anything did, and the decoded instruction or slot where.
  var stopped: StopReason = .none
  var stoppedAt: UInt = 0
  /// The program's instance, unretained: see ``Instance``.
  var instance: UnsafeRawPointer?
  /// The instance's virtual clock, unretained; `nil` where programs see the machine's clocks.
  var clock: UnsafeRawPointer?
  /// The checked interpreter that runs, unretained; `nil` in the other engines.
  var checked: UnsafeRawPointer?
  /// What a run of a function of this process keeps besides; `nil` in the engines.
  var native: UnsafeMutablePointer<NativeState>?
}

/// Why a run ended without an `exit`.
package enum StopReason: UInt8, Sendable {
  case none
  /// A register call with a number that is no helper's.
  case unknownHelper
  /// Calls nested deeper than the stack.
  case stackOverflow
  /// The second half of an `ld_imm64`, or the end of the program.
  case unreachable
  /// The checked interpreter's own: see ``Fault``.
  case fault
  /// A function of this process asked for what there is not: see ``NativeState/failure``.
  case native
}

/// The run's state.
@inline(__always)
func runState(_ environment: UnsafeMutablePointer<ebpf_environment>) -> UnsafeMutablePointer<RunState> {
  environment.pointee.state.unsafelyUnwrapped.assumingMemoryBound(to: RunState.self)
}

/// Ends a run that cannot go on; helpers that called back into the program see it in ``RunState/stopped``.
@inline(never)
func stop(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ reason: StopReason, _ pc: UnsafePointer<DecodedInstruction>
) -> UInt64 {
  let state = runState(environment)
  state.pointee.stopped = reason
  state.pointee.stoppedAt = UInt(bitPattern: pc)
  return 0
}

/// The helper of that number, for a register call.
@inline(never)
func helper(in environment: UnsafeMutablePointer<ebpf_environment>, numbered number: UInt64) -> ebpf_helper? {
  number < UInt64(HelperTable.capacity) ? runState(environment).pointee.helpers[Int(number)] : nil
}
