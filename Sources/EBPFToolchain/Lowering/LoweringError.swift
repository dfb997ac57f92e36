/// What a program in Swift says that cannot become eBPF: the place in the user's file, what it is, and what to write instead.
public struct LoweringError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The user's file; empty where the compiler gives no place.
  public var file: String
  /// From 1; 0 where the compiler gives none.
  public var line: Int
  /// From 1; 0 where the compiler gives none.
  public var column: Int
  /// What cannot be done: one sentence without a full stop.
  public var what: String
  /// What to write instead; may be empty.
  public var instead: String
  /// What else is wrong, in the order of the source; these have no others.
  public var others: [LoweringError] = []

  public init(file: String = "", line: Int = 0, column: Int = 0, what: String, instead: String = "") {
    self.file = file
    self.line = line
    self.column = column
    self.what = what
    self.instead = instead
  }

  /// `file:line:column: error: what; what to write instead`, as compilers write it; a line each.
  public var description: String { ([line(of: self)] + others.map(line(of:))).joined(separator: "\n") }

  private func line(of error: LoweringError) -> String {
    let (file, line, column, what, instead) = (error.file, error.line, error.column, error.what, error.instead)
    var place = file
    if line > 0 {
      place += ":\(line)"
      if column > 0 { place += ":\(column)" }
    }
    if !place.isEmpty { place += ": " }
    return "\(place)error: \(what)\(instead.isEmpty ? "" : "; \(instead)")"
  }
}
