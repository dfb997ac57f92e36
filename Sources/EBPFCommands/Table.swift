/// Rows in columns, as wide as they need to be.
struct Table {
  enum Alignment {
    case left
    case right
  }

  private let titles: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// A table whose columns have these titles; a title that begins with a space is aligned to the right.
  init(_ titles: [String]) {
    alignments = titles.map { $0.hasPrefix(" ") ? .right : .left }
    self.titles = titles.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : $0 }
  }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// The table's lines, without a line feed behind the last.
  func text(indent: Int = 0) -> String {
    let widths = titles.indices.map { column in rows.reduce(titles[column].count) { max($0, $1[column].count) } }
    let margin = String(repeating: " ", count: indent)
    func line(_ cells: [String]) -> String {
      var result = margin
      for (column, cell) in cells.enumerated() {
        if column > 0 { result += "  " }
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        result += alignments[column] == .right ? padding + cell : cell + padding
      }
      while result.last == " " { result.removeLast() }
      return result
    }
    var lines = titles.allSatisfy(\.isEmpty) ? [] : [Paint.dim(line(titles))]
    lines += rows.map(line)
    return lines.joined(separator: "\n")
  }
}

/// Running text in lines.
enum TextLines {
  /// Breaks a text at its spaces, into lines of at most so many characters where its words allow.
  static func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? word : " " + word
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
