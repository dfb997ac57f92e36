public import EBPFHost
public import EBPFObject

/// Which source lines of an object's programs ran, as tools read it (`lcov`, `geninfo(1)`).
public struct LineCoverage: Sendable, Hashable {
  /// How often each line ran, by file and line; lines without code are left out.
  public private(set) var lines: [String: [Int: UInt64]] = [:]

  public init() {}

  /// Adds what ran of an object's programs. Of a line with several instructions the one that ran most counts.
  public mutating func add(_ counts: ExecutionCounts, of object: ObjectSpec) {
    for program in object.programs {
      let slots = counts.counts(of: program.name)
      for (index, line) in program.lines.enumerated() where line.line > 0 {
        let end = index + 1 < program.lines.count ? program.lines[index + 1].slot : program.instructions.count
        guard line.slot < end else { continue }
        let most = slots.map { slots in (line.slot..<min(end, slots.count)).reduce(0) { max($0, slots[$1]) } } ?? 0
        lines[line.file, default: [:]][line.line, default: 0] = max(lines[line.file]?[line.line] ?? 0, most)
      }
    }
  }

  /// Adds another's lines.
  public mutating func merge(_ other: LineCoverage) {
    for (file, counts) in other.lines { lines[file, default: [:]].merge(counts) { $0 + $1 } }
  }

  /// The share of lines that ran, 0 to 1; 1 without lines.
  public var share: Double {
    let all = lines.values.flatMap(\.values)
    return all.isEmpty ? 1 : Double(all.count { $0 > 0 }) / Double(all.count)
  }

  /// The tracefile, as `genhtml` and editors read it.
  public var lcov: String {
    var text = ""
    for (file, counts) in lines.sorted(by: { $0.key < $1.key }) {
      text += "TN:\nSF:\(file)\n"
      for (line, count) in counts.sorted(by: { $0.key < $1.key }) { text += "DA:\(line),\(count)\n" }
      text += "LF:\(counts.count)\nLH:\(counts.values.count { $0 > 0 })\nend_of_record\n"
    }
    return text
  }
}
