import CEBPF

/// The helpers of this host by number, as the interpreter, machine code and the checked interpreter call them.
enum HelperTable {
  /// Numbers that fit; the kernel's helpers end at 211 and are closed (new functions are kernel functions).
  static let capacity = 256

  /// `bpf_tail_call`, which the interpreters carry out themselves.
  static let tailCall: UInt32 = 12

  /// One helper's number, name and function.
  struct Entry {
    var number: UInt32
    var name: String
    var function: ebpf_helper
    init(_ number: UInt32, _ name: String, _ function: @escaping ebpf_helper) {
      self.number = number
      self.name = name
      self.function = function
    }
  }

  /// Every helper that there is, family by family.
  static var entries: [Entry] { timeHelpers }

  /// The table; made once and never changed.
  nonisolated(unsafe) static let shared: UnsafePointer<ebpf_helper?> = {
    let table = UnsafeMutablePointer<ebpf_helper?>.allocate(capacity: capacity)
    table.initialize(repeating: nil, count: capacity)
    for entry in entries { table[Int(entry.number)] = entry.function }
    return UnsafePointer(table)
  }()

  /// A helper's number and, where it is known, its name, for messages.
  static func name(_ number: UInt32) -> String { "\(number)" }
}
