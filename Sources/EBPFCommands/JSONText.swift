import EBPFBTF

/// JSON as text, written in the order in which it is given.
enum JSONText {
  static func string(_ text: String) -> String {
    var result = ""
    BTFValue.writeJSONString(text, to: &result)
    return result
  }

  static func string(_ text: String?) -> String { text.map { string($0) } ?? "null" }

  static func number(_ value: Int?) -> String { value.map { BTFValue.signed(Int128($0)).json } ?? "null" }

  /// A number with at most three digits behind the point.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }

  static func array(_ elements: some Sequence<String>) -> String { "[" + elements.joined(separator: ",") + "]" }

  /// An object from names and the JSON of their values.
  static func object(_ fields: KeyValuePairs<String, String>) -> String { object(fields.map { ($0.key, $0.value) }) }

  static func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { string($0.0) + ":" + $0.1 }.joined(separator: ",") + "}"
  }
}
