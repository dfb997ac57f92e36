import CEBPF
import EBPFTables

/// The program that `bpf_tail_call` goes to: entry `index` of a prog array, `nil` where the call falls through (33 tail calls were made, the
/// index is outside the array, or nothing is there).
///
/// The program stays what it is until the run ends: what is taken out of the array waits for that (``Retired``).
@inline(never)
func tailCallTarget(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ array: UInt64, _ index: UInt64
) -> UnsafeMutablePointer<ebpf_program>? {
  let map = mapHeader(array)
  let index = UInt32(truncatingIfNeeded: index)
  guard map.pointee.type == MapType.progArray.rawValue, index < map.pointee.max_entries, environment.pointee.tail_calls_left > 0 else {
    return nil
  }
  let values = UInt64(UInt(bitPattern: map.pointee.values))
  let program = cebpf_load_acquire64(values &+ UInt64(index) &* 8)
  guard program != 0 else { return nil }
  environment.pointee.tail_calls_left &-= 1
  return pointer(program).assumingMemoryBound(to: ebpf_program.self)
}
