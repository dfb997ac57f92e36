internal import EBPFHost

/// The processors of this machine, as per-CPU maps count them.
package enum Processors {
  /// How many there can be (`/sys/devices/system/cpu/possible`): the number of values that a per-CPU map has.
  package static let possible: Int = SystemFile.text("/sys/devices/system/cpu/possible").flatMap(count(list:)) ?? 1

  /// One more than the highest processor in a list such as `0-3,7`.
  package static func count(list: String) -> Int? {
    var highest: Int?
    for range in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      guard let last = range.split(separator: "-").last, let number = Int(last) else { return nil }
      highest = max(highest ?? 0, number)
    }
    return highest.map { $0 + 1 }
  }
}
