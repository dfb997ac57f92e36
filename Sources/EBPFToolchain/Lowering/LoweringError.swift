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

  public init(file: String = "", line: Int = 0, column: Int = 0, what: String, instead: String = "") {
    self.file = file
    self.line = line
    self.column = column
    self.what = what
    self.instead = instead
  }

  /// `file:line:column: error: what; what to write instead`, as compilers write it.
  public var description: String {
    var place = file
    if line > 0 {
      place += ":\(line)"
      if column > 0 { place += ":\(column)" }
    }
    if !place.isEmpty { place += ": " }
    return "\(place)error: \(what)\(instead.isEmpty ? "" : "; \(instead)")"
  }
}
