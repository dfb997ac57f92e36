import CEBPF

/// What a program's symbols stand for: filled in by the host, read by the decoder, the checked interpreter and whoever places machine code.
struct LinkTable {
  /// The address of each map's header, by index in the object's maps.
  var maps: [UInt64] = []
  /// The address of each map's first value, where it has one at a fixed place, and how many bytes of values there are.
  var mapValues: [(address: UInt64, byteCount: UInt64)?] = []
  /// The helpers by number.
  var helpers: UnsafePointer<ebpf_helper?>
}
