/// A table as text: the first column to the left, numbers to the right.
struct Table {
  private var rows: [[String]]

  init(_ header: [String]) { rows = [header] }

  mutating func add(_ row: [String]) { rows.append(row) }

  func printed() -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + padding : padding + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// A number with so many digits behind the point, `-` for none.
func text(_ value: Double, _ digits: Int = 1) -> String {
  guard value.isFinite else { return "-" }
  var scaled = value
  for _ in 0..<digits { scaled *= 10 }
  let rounded = Int(scaled.rounded())
  guard digits > 0 else { return "\(rounded)" }
  var factor = 1
  for _ in 0..<digits { factor *= 10 }
  let fraction = String(abs(rounded) % factor)
  return (rounded < 0 ? "-" : "") + "\(abs(rounded) / factor)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
