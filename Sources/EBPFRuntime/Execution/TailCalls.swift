import CEBPF

/// The program that `bpf_tail_call` goes to: entry `index` of a prog array, `nil` where the call falls through (33 tail calls were made, the
/// index is outside the array, or nothing is there).
@inline(never)
func tailCallTarget(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ array: UInt64, _ index: UInt64
) -> UnsafeMutablePointer<ebpf_program>? {
  nil
}
