/// What clang's BPF back end says of lowered code, in the words of whoever writes programs in Swift.
///
/// It judges what the optimizer has left, and has no notes and no Swift: "in function five void (ptr, i32): aggregate returns are not supported".
struct BackEndMessages {
  private let sources: SwiftSources

  init(_ sources: SwiftSources) { self.sources = sources }

  /// The problems that the back end's lines tell, in their order, one a line of the source; those of lines that are nobody's come with one
  /// that has a place. Empty where nothing is known of any.
  func problems(in text: String) -> [SourceProblem] {
    var found: [SourceProblem] = []
    for line in text.split(separator: "\n") where line.contains("error:") {
      guard let problem = problem(String(line)) else { continue }
      if !found.contains(where: { $0.file == problem.file && $0.line == problem.line }) { found.append(problem) }
    }
    let placed = found.filter { $0.line > 0 }
    return placed.isEmpty ? found : placed
  }

  private func problem(_ line: String) -> SourceProblem? {
    guard let (message, help) = Self.meanings.first(where: { line.contains($0.says) }).map({ ($0.message, $0.help) }) ?? libraryCall(line)
    else {
      return nil
    }
    let function = function(in: line)
    let (file, row, column) = place(in: line) ?? function.flatMap { declaration(of: $0) } ?? (sources.files[0].path, 0, 0)
    return SourceProblem(
      file: file, line: row, column: column, message: message.replacing("FUNCTION", with: function.map { "'\($0)'" } ?? "a function"),
      help: help)
  }

  /// `FILE:LINE:COLUMN`, in front of "in function" or behind "error: "; `nil` for a place that is not known.
  private func place(in line: String) -> (String, Int, Int)? {
    for word in line.split(separator: " ") {
      let parts = word.split(separator: ":", omittingEmptySubsequences: true)
      guard parts.count >= 3, let column = Int(parts[parts.count - 1]), let row = Int(parts[parts.count - 2]), row > 0 else { continue }
      return (parts.dropLast(2).joined(separator: ":"), row, column)
    }
    return nil
  }

  private func function(in line: String) -> String? {
    guard let start = line.firstRange(of: "in function ") else { return nil }
    return line[start.upperBound...].split(separator: " ").first.map(String.init)
  }

  /// Where a function is declared.
  private func declaration(of name: String) -> (String, Int, Int)? {
    let pattern = Array("func \(name)".utf8)
    for source in sources.files {
      guard let found = source.bytes.firstRange(of: pattern) else { continue }
      let before = source.bytes[..<found.lowerBound]
      let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
      return (source.path, before.count { $0 == 10 } + 1, found.lowerBound - start + 1)
    }
    return nil
  }

  /// A call of a function of the compiler's library.
  private func libraryCall(_ line: String) -> (String, String)? {
    guard let start = line.firstRange(of: "built-in function '") else { return nil }
    let name = String(line[start.upperBound...].prefix { $0 != "'" })
    if let meaning = RuntimeCalls.meaning(of: name) { return (meaning.message, meaning.help) }
    guard ["memcpy", "memmove", "memset", "memcmp", "bcmp"].contains(name) else { return nil }
    return (
      "memory is copied, filled or compared here that is too much for the code to do it in place, or whose size is not known",
      "work on smaller pieces, or keep the value in a map and change it there, field by field"
    )
  }

  private static let meanings: [(says: String, message: String, help: String)] = [
    (
      "aggregate returns are not supported",
      "FUNCTION returns a struct of more than 8 bytes, which eBPF functions cannot",
      "let it be inlined (no @inline(never)), or give the result through an inout argument"
    ),
    (
      "only small returns supported", "a function that is called here returns more than 8 bytes, which eBPF functions cannot",
      "let it be inlined, or give the result through an inout argument; String, Array and Dictionary, which have such functions, are not for "
        + "programs: use StaticString, InlineArray and maps"
    ),
    (
      "stack arguments are not supported", "FUNCTION takes more than five arguments, which eBPF functions cannot",
      "let it be inlined (no @inline(never)), or put arguments together in a struct that is passed inout"
    ),
    (
      "too many arg", "FUNCTION takes more than five arguments, which eBPF functions cannot",
      "let it be inlined (no @inline(never)), or put arguments together in a struct that is passed inout"
    ),
    (
      "BPF stack limit", "FUNCTION needs more than the 512 bytes of stack that a program has",
      "keep large values in a map: a PerCPUArrayMap of one element is scratch memory"
    ),
    (
      "unsupported signed division", "signed numbers are divided here, which takes version 4 of the instruction set",
      "compile with --cpu v4 (Linux 6.6 and later), or divide unsigned numbers"
    ),
    (
      "XADD return value", "the result of an atomic operation is used here, which takes version 3 of the instruction set",
      "compile with --cpu v3 (Linux 5.12 and later), or use an operation without a result, such as atomicAdd"
    ),
    (
      "variable length array", "memory is taken here whose size is known only at run time", "use an InlineArray of the largest size"
    ),
  ]
}
