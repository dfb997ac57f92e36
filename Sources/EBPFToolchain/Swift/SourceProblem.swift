/// Something in a user's source that cannot become eBPF: where it stands, what it is, and what to write instead.
struct SourceProblem: Sendable, Hashable {
  var file: String
  var line: Int
  /// From 1; 0 where it is not known.
  var column: Int
  var message: String
  /// What to write instead.
  var help: String?
  /// How much it says of the cause: the most of a compilation counts.
  var rank = Rank.cause

  enum Rank: Int, Comparable {
    /// A consequence of something else, or a place that is nobody's.
    case consequence
    /// A call of Swift's library: what the programmer wrote says it better.
    case library
    case cause

    static func < (a: Rank, b: Rank) -> Bool { a.rawValue < b.rawValue }
  }

  init(file: String, line: Int, column: Int, message: String, help: String?, rank: Rank = .cause) {
    self.rank = rank
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.help = help
  }

  init(_ error: LoweringError) {
    self.init(
      file: error.file, line: error.line, column: error.column, message: error.what, help: error.instead.isEmpty ? nil : error.instead)
  }

  /// As `swiftc` shows its errors: the place, the message, the line with a mark below it, and the help as a note.
  func rendered(with sources: SwiftSources, colors: Bool) -> String {
    func paint(_ text: String, _ code: String) -> String { colors ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
    let file = sources.path(of: file)
    let (line, column) = column > 0 ? (line, column) : declared(in: sources)
    let text = sources.text(file: file, line: line)
    let place = line == 0 ? file : column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
    let lead = place.isEmpty ? "" : paint("\(place): ", "1")
    var result = "\(lead)\(paint("error: ", "1;31"))\(paint(message, "1"))\n"
    if let text {
      let number = String(line)
      let margin = String(repeating: " ", count: number.utf8.count)
      result += "\(paint("\(number) | ", "36"))\(text)\n"
      if column > 0, column <= text.utf8.count + 1 {
        // Tabs stay tabs, so that the mark stands below its place.
        let indent = String(decoding: text.utf8.prefix(column - 1).map { $0 == 9 ? 9 : 32 }, as: UTF8.self)
        result += "\(paint("\(margin) | ", "36"))\(indent)\(paint("^", "1;32"))\n"
      }
    }
    if let help { result += "\(lead)\(paint("note: ", "1;34"))\(help)\n" }
    return result
  }

  /// Where a declaration says what the message has in quotes, its attributes in the lines above included: debug information has no columns
  /// for declarations.
  private func declared(in sources: SwiftSources) -> (line: Int, column: Int) {
    for row in stride(from: line, to: max(0, line - 4), by: -1) {
      guard let text = sources.text(file: file, line: row) else { break }
      if row < line, !text.drop(while: { $0 == " " }).hasPrefix("@") { break }
      if let column = Self.column(of: message, in: text) { return (row, column) }
    }
    return (line, 0)
  }

  private static func column(of message: String, in text: String) -> Int? {
    let pieces = message.split(separator: "'", omittingEmptySubsequences: false)
    for index in stride(from: 1, to: pieces.count, by: 2) {
      let word = Array(pieces[index].utf8)
      if !word.isEmpty, let found = Array(text.utf8).firstRange(of: word) { return found.lowerBound + 1 }
    }
    return nil
  }
}

extension [SourceProblem] {
  /// The problems in the programmer's words: those in Swift's library by the feature that brought them, what only follows from others left
  /// out, each thing once.
  func named(by uses: [LibraryUse]) -> [SourceProblem] {
    var result: [SourceProblem] = []
    let isPlaced = contains { $0.line > 0 }
    for problem in self {
      guard problem.rank < .cause else {
        result.append(problem)
        continue
      }
      if problem.line == 0, isPlaced { continue }
      let here = uses.filter {
        problem.line == 0 || ($0.line == problem.line && ($0.file == problem.file || $0.file.hasSuffix("/\(problem.file)")))
      }
      // Of several on a line the first by kind: a Set has arrays and a hasher in it.
      if let use = here.min(by: { $0.feature.order < $1.feature.order }) {
        let (message, help) = use.words
        result.append(SourceProblem(file: use.file, line: use.line, column: use.column, message: message, help: help))
      } else {
        result.append(problem)
      }
    }
    let best = result.map(\.rank).max() ?? .cause
    var seen: Set<String> = []
    result = result.filter { $0.rank == best && seen.insert($0.message).inserted }
    return result.sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
  }
}

extension SwiftSources {
  /// A file as the caller named it.
  func path(of file: String) -> String { files.first { $0.path == file || file.hasSuffix("/\($0.path)") }?.path ?? file }

  /// A line of a source, from 1; `nil` where there is none.
  func text(file: String, line: Int) -> String? {
    guard line > 0, let source = files.first(where: { $0.path == file || file.hasSuffix("/\($0.path)") }) else { return nil }
    var rest = source.bytes[...]
    for _ in 1..<line {
      guard let end = rest.firstIndex(of: 10) else { return nil }
      rest = rest[(end + 1)...]
    }
    let end = rest.firstIndex(of: 10) ?? rest.endIndex
    return String(decoding: rest[..<end], as: UTF8.self)
  }
}
