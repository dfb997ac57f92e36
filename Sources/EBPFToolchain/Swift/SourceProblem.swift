/// Something in a user's source that cannot become eBPF: where it stands, what it is, and what to write instead.
struct SourceProblem: Sendable, Hashable {
  var file: String
  var line: Int
  /// From 1; 0 where it is not known.
  var column: Int
  var message: String
  /// What to write instead.
  var help: String?

  init(file: String, line: Int, column: Int, message: String, help: String?) {
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
    let place = line == 0 ? file : column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
    let lead = place.isEmpty ? "" : paint("\(place): ", "1")
    var result = "\(lead)\(paint("error: ", "1;31"))\(paint(message, "1"))\n"
    if let text = sources.text(file: file, line: line) {
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
}

extension SwiftSources {
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
