/// What clang's BPF back end says of lowered code, in the words of whoever writes programs in Swift.
///
/// It judges what the optimizer has left, and has no notes and no Swift: "in function five void (ptr, i32): aggregate returns are not supported".
struct BackEndMessages {
  private let sources: SwiftSources

  init(_ sources: SwiftSources) { self.sources = sources }

  /// The problems that the back end's lines tell, in their order, one a line of the source. Empty where nothing is known of any.
  func problems(in text: String) -> [SourceProblem] {
    var found: [SourceProblem] = []
    for line in text.split(separator: "\n") where line.contains("error:") {
      guard let problem = problem(String(line)) else { continue }
      if !found.contains(where: { $0.file == problem.file && $0.line == problem.line }) { found.append(problem) }
    }
    return found
  }

  private func problem(_ line: String) -> SourceProblem? {
    let function = function(in: line)
    let place = place(in: line)
    if let meaning = Self.meanings.first(where: { line.contains($0.says) }) {
      let declared = function.flatMap { declaration(of: $0) }
      let message = meaning.message.replacing("FUNCTION", with: function.map { "'\($0)'" } ?? "a function")
      // What a function is, is said where it is declared; one that no source declares is a part of Swift's library.
      let (file, row, column) = (meaning.isOfDeclaration ? declared ?? place : place ?? declared) ?? ("", 0, 0)
      let rank: SourceProblem.Rank = meaning.isOfCall || (meaning.isOfDeclaration && declared == nil) ? .consequence : .cause
      return SourceProblem(file: file, line: row, column: column, message: message, help: meaning.help, rank: rank)
    }
    guard let (message, help, rank) = libraryCall(line) else { return nil }
    let (file, row, column) = place ?? function.flatMap { declaration(of: $0) } ?? ("", 0, 0)
    return SourceProblem(file: file, line: row, column: column, message: message, help: help, rank: rank)
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
      return (source.path, before.count { $0 == 10 } + 1, found.lowerBound - start + "func ".utf8.count + 1)
    }
    return nil
  }

  /// A call of a function of the compiler's library.
  private func libraryCall(_ line: String) -> (String, String, SourceProblem.Rank)? {
    guard let start = line.firstRange(of: "built-in function '") else { return nil }
    let name = String(line[start.upperBound...].prefix { $0 != "'" })
    if let meaning = RuntimeCalls.meaning(of: name) { return meaning }
    guard ["memcpy", "memmove", "memset", "memcmp", "bcmp"].contains(name) else { return nil }
    return (
      "memory is copied, filled or compared here that is too much for the code to do it in place, or whose size is not known",
      "work on smaller pieces, or keep the value in a map and change it there, field by field", .library
    )
  }

  private struct Meaning {
    /// A piece of the back end's words.
    var says: String
    var message: String
    var help: String
    /// It is the function's, wherever in it the back end found it.
    var isOfDeclaration = false
    /// It is a call's of such a function.
    var isOfCall = false
  }

  private static let fewerArguments = "let it be inlined (no @inline(never)), or put arguments together in a struct that is passed inout"
  private static let smallerResult = "let it be inlined (no @inline(never)), or give the result through an inout argument"

  private static let meanings = [
    Meaning(
      says: "aggregate returns are not supported", message: "FUNCTION returns more than 8 bytes, which functions of eBPF cannot",
      help: smallerResult, isOfDeclaration: true),
    Meaning(
      says: "only small returns supported",
      message: "a function that is called here returns more than 8 bytes, which functions of eBPF cannot", help: smallerResult,
      isOfCall: true),
    Meaning(
      says: "stack arguments are not supported",
      message: "FUNCTION takes more than five arguments, and functions of eBPF take five at most", help: fewerArguments,
      isOfDeclaration: true),
    Meaning(
      says: "too many arg",
      message: "a function that is called here takes more than five arguments, and functions of eBPF take five at most",
      help: fewerArguments, isOfCall: true),
    Meaning(
      says: "BPF stack limit", message: "FUNCTION needs more than the 512 bytes of stack that a program has",
      help: "keep large values in a map: one element of a PerCPUArrayMap is scratch memory; records go straight into a RingBuffer's "
        + "reserve()"),
    Meaning(
      says: "unsupported signed division", message: "signed numbers are divided here, which takes version 4 of the instruction set",
      help: "compile with --cpu v4 (Linux 6.6 and later), or divide unsigned numbers: UInt64(value) / 10"),
    Meaning(
      says: "Invalid usage of the XADD return value",
      message: "what a value was before an atomic change is asked here, which takes version 3 of the instruction set",
      help: "compile with --cpu v3 (Linux 5.12 and later), or write atomicAdd(_:), which gives nothing back"),
    Meaning(
      says: "variable length array", message: "memory is taken here whose size is known only at run time",
      help: "write an InlineArray of the largest size"),
  ]
}
