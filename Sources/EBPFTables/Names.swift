/// Look-ups in the tables of names.
enum Names {
  /// The name of a number; `nil` where the table has none.
  static func name(of number: UInt32, in names: [String]) -> String? {
    guard let index = Int(exactly: number), index < names.count, !names[index].isEmpty else { return nil }
    return names[index]
  }

  /// The number of a name, written as in the table or as the C enumerator.
  static func number(of name: String, enumeratorPrefix: String, in names: [String]) -> UInt32? {
    guard !name.isEmpty else { return nil }
    if let index = names.firstIndex(of: name) { return UInt32(index) }
    guard name.utf8.starts(with: enumeratorPrefix.utf8) else { return nil }
    let rest = String(name.dropFirst(enumeratorPrefix.count))
    guard let index = names.firstIndex(where: { !$0.isEmpty && $0.uppercased() == rest }) else { return nil }
    return UInt32(index)
  }
}
