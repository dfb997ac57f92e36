/// The prototype of a kernel function as far as loaders compare it: the kinds of its types, through pointers.
struct KernelFunctionPrototype {
  struct Piece: Equatable {
    /// `void`, `int`, `u64`, `bool`, or `struct name`.
    var base: String
    /// Stars.
    var pointers: Int
  }
  var result: Piece
  var parameters: [Piece]

  /// Reads `int *(struct bpf_iter_num *, int, int)`.
  init?(_ text: String) {
    guard let open = text.firstIndex(of: "("), text.last == ")" else { return nil }
    guard let result = Self.piece(text[..<open]) else { return nil }
    self.result = result
    parameters = []
    let list = text[text.index(after: open)...].dropLast()
    for part in list.split(separator: ",") {
      guard let piece = Self.piece(part) else { return nil }
      if piece == Piece(base: "void", pointers: 0) { continue }
      parameters.append(piece)
    }
  }

  private static func piece(_ text: Substring) -> Piece? {
    let words = text.split { $0 == " " || $0 == "*" }.filter { $0 != "const" }
    guard !words.isEmpty else { return nil }
    return Piece(base: words.joined(separator: " "), pointers: text.count { $0 == "*" })
  }

  /// Those that the in-program module declares, as Linux 6.18 has them (`kernel/bpf/helpers.c`, `kernel/bpf/bpf_iter.c`).
  static let known: [String: String] = [
    "bpf_throw": "void (u64)",
    "bpf_iter_num_new": "int (struct bpf_iter_num *, int, int)",
    "bpf_iter_num_next": "int *(struct bpf_iter_num *)",
    "bpf_iter_num_destroy": "void (struct bpf_iter_num *)",
    "bpf_rdonly_cast": "void *(const void *, u32)",
    "bpf_rcu_read_lock": "void (void)",
    "bpf_rcu_read_unlock": "void (void)",
    "bpf_preempt_disable": "void (void)",
    "bpf_preempt_enable": "void (void)",
  ]
}
