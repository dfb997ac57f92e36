import CEBPF
import EBPFTables

/// The helpers of this host by number, as the interpreter, machine code and the checked interpreter call them.
///
/// A family is a file with an array of entries; ``entries`` lists the families. A helper that is in none of them does not exist here: loading a
/// program that calls it fails with one message that names it.
enum HelperTable {
  /// Numbers that fit; the kernel's helpers end at 211 and are closed (new functions are kernel functions).
  static let capacity = 256

  /// `bpf_tail_call`, which the interpreters carry out themselves.
  static let tailCall: UInt32 = HelperID.tailCall.rawValue

  /// One helper and its function.
  struct Entry {
    var id: HelperID
    var function: ebpf_helper
    init(_ id: HelperID, _ function: @escaping ebpf_helper) {
      self.id = id
      self.function = function
    }
  }

  /// Every helper that there is, family by family.
  static var entries: [Entry] {
    mapHelpers + ringBufferHelpers + dynptrHelpers + callbackHelpers + timeHelpers + taskHelpers + textHelpers + formatHelpers
      + probeHelpers + checksumHelpers + socketBufferHelpers + headroomHelpers + vlanHelpers + xdpHelpers + redirectHelpers
      + redirectMapHelpers + networkHelpers + synCookieHelpers + perfEventHelpers
  }

  /// The table; made once and never changed.
  nonisolated(unsafe) static let shared: UnsafePointer<ebpf_helper?> = {
    let table = UnsafeMutablePointer<ebpf_helper?>.allocate(capacity: capacity)
    table.initialize(repeating: nil, count: capacity)
    for entry in entries + classicHelpers { table[Int(entry.id.rawValue)] = entry.function }
    return UnsafePointer(table)
  }()

  /// A helper's number and, where it is known, its name, for messages.
  static func name(_ number: UInt32) -> String {
    HelperID(rawValue: number).name.map { "\(number) (\($0))" } ?? "\(number)"
  }
}
