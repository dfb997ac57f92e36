internal import EBPFBTF

/// A program's source lines, by rising slot; each holds until the next one.
///
/// The strings stay in the object's BTF and are decoded for the lines that are asked for: a big object has a hundred thousand lines.
public struct LineTable: RandomAccessCollection, Sendable, ExpressibleByArrayLiteral {
  private enum Storage: Sendable {
    case records([BTFExtension.LineRecord], BTF)
    case lines([LineSpec])
  }
  private var storage: Storage

  /// Lines as they are; put into the order of their slots.
  public init(_ lines: [LineSpec]) { storage = .lines(lines.sorted { $0.slot < $1.slot }) }

  public init(arrayLiteral elements: LineSpec...) { self.init(elements) }

  /// Records whose offsets are slots, and the BTF that has their strings.
  init(records: [BTFExtension.LineRecord], btf: BTF) { storage = .records(records, btf) }

  public var startIndex: Int { 0 }
  public var endIndex: Int {
    switch storage {
    case .records(let records, _): records.count
    case .lines(let lines): lines.count
    }
  }

  public subscript(position: Int) -> LineSpec {
    switch storage {
    case .lines(let lines): return lines[position]
    case .records(let records, let btf):
      let record = records[position]
      return LineSpec(
        slot: Int(record.offset), file: btf.string(at: record.fileName) ?? "", text: btf.string(at: record.text) ?? "", line: record.line,
        column: record.column, fileOffset: record.fileName, textOffset: record.text)
    }
  }

  /// The slot at which a line begins; decodes no string.
  public func slot(at position: Int) -> Int {
    switch storage {
    case .lines(let lines): lines[position].slot
    case .records(let records, _): Int(records[position].offset)
    }
  }

  /// The line that the instruction in that slot was made from.
  public func line(at slot: Int) -> LineSpec? {
    var low = 0
    var high = endIndex
    while low < high {
      let middle = (low + high) / 2
      if self.slot(at: middle) <= slot { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? self[low - 1] : nil
  }
}
