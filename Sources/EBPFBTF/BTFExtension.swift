/// The section `.BTF.ext`: which instructions belong to which function types, source lines and CO-RE accesses.
///
/// Records are kept as compact numbers, by section, in the order of their instructions; strings are looked up in the object's ``BTF`` when asked for.
public struct BTFExtension: Sendable {
  /// `struct bpf_func_info`: the function type of the function that begins there.
  public struct FunctionRecord: Sendable, Hashable {
    /// Bytes from the section's start.
    public var offset: UInt32
    public var typeID: BTF.TypeID
  }

  /// `struct bpf_line_info`.
  public struct LineRecord: Sendable, Hashable {
    /// Bytes from the section's start in an object, slots in a program.
    public var offset: UInt32
    public var fileName: UInt32
    public var text: UInt32
    /// The line in the upper 22 bits, the column in the lower 10.
    public var lineAndColumn: UInt32

    public init(offset: UInt32, fileName: UInt32, text: UInt32, lineAndColumn: UInt32) {
      self.offset = offset
      self.fileName = fileName
      self.text = text
      self.lineAndColumn = lineAndColumn
    }

    /// Both from 1; 0 where unknown.
    public var line: Int { Int(lineAndColumn >> 10) }
    public var column: Int { Int(lineAndColumn & 0x3ff) }
  }

  /// `struct bpf_core_relo`.
  public struct CORERecord: Sendable, Hashable {
    /// Bytes from the section's start.
    public var offset: UInt32
    public var typeID: BTF.TypeID
    /// The access path `0:1:3`, as an offset in the BTF's strings.
    public var access: UInt32
    /// `enum bpf_core_relo_kind`.
    public var kind: UInt32
    /// How many records stand before it, of all sections.
    public var order: UInt32 = 0
  }

  /// What the section says, by the name of the section that the instructions stand in; each list by rising offset.
  public private(set) var functions: [String: [FunctionRecord]] = [:]
  public private(set) var lines: [String: [LineRecord]] = [:]
  public private(set) var coreRelocations: [String: [CORERecord]] = [:]

  /// Reads the section's bytes.
  /// - Parameter btf: the object's types, in whose strings the records' names are.
  public init(bytes: [UInt8], btf: BTF) throws(BTFError) {
    guard bytes.count >= 24 else { throw BTFError(.malformed, "of \(bytes.count) bytes is shorter than its header", offset: 0) }
    let isBigEndian: Bool
    switch (bytes[0], bytes[1]) {
    case (0x9f, 0xeb): isBigEndian = false
    case (0xeb, 0x9f): isBigEndian = true
    default: throw BTFError(.malformed, "the first two bytes are not 0xeb9f", offset: 0)
    }
    guard bytes[2] == 1 else { throw BTFError(.unsupported, "version \(bytes[2]) is not known, only 1", offset: 2) }
    let view = ByteView(bytes, isBigEndian: isBigEndian)
    let headerLength = Int(view.u32(4) ?? 0)
    guard headerLength >= 24, headerLength <= bytes.count else {
      throw BTFError(.malformed, "header length \(headerLength) does not fit \(bytes.count) bytes", offset: 4)
    }

    try BTFExtension.read(view, btf, header: 8, headerLength: headerLength, what: "function", size: 8) { name, places in
      functions[name, default: []] += places.map { FunctionRecord(offset: view.u32($0) ?? 0, typeID: view.u32($0 + 4) ?? 0) }
    }
    try BTFExtension.read(view, btf, header: 16, headerLength: headerLength, what: "line", size: 16) { name, places in
      lines[name, default: []] += places.map {
        LineRecord(
          offset: view.u32($0) ?? 0, fileName: view.u32($0 + 4) ?? 0, text: view.u32($0 + 8) ?? 0, lineAndColumn: view.u32($0 + 12) ?? 0)
      }
    }
    if headerLength >= 32 {
      var order: UInt32 = 0
      try BTFExtension.read(view, btf, header: 24, headerLength: headerLength, what: "CO-RE", size: 16) { name, places in
        coreRelocations[name, default: []] += places.map {
          defer { order &+= 1 }
          return CORERecord(
            offset: view.u32($0) ?? 0, typeID: view.u32($0 + 4) ?? 0, access: view.u32($0 + 8) ?? 0, kind: view.u32($0 + 12) ?? 0,
            order: order)
        }
      }
    }
    BTFExtension.order(&functions, by: \.offset)
    BTFExtension.order(&lines, by: \.offset)
    BTFExtension.order(&coreRelocations, by: \.offset)
  }

  private static func order<Record>(_ table: inout [String: [Record]], by offset: (Record) -> UInt32) {
    for (name, records) in table {
      // Compilers write them in order; a stable sort keeps the order of records for one instruction.
      if zip(records, records.dropFirst()).contains(where: { offset($0) > offset($1) }) {
        table[name] = records.enumerated().sorted { (offset($0.element), $0.offset) < (offset($1.element), $1.offset) }.map(\.element)
      }
    }
  }

  /// Calls `body` with the section's name and the places of its records, for each section of one of the three tables.
  private static func read(
    _ view: ByteView, _ btf: BTF, header: Int, headerLength: Int, what: String, size: Int, _ body: (String, StrideTo<Int>) -> Void
  ) throws(BTFError) {
    let start = headerLength + Int(view.u32(header) ?? 0)
    let length = Int(view.u32(header + 4) ?? 0)
    guard length > 0 else { return }
    guard view.holds(start, length) else {
      throw BTFError(.malformed, "\(what) records (\(length) bytes) lead outside its \(view.count) bytes", offset: header)
    }
    let end = start + length
    guard length >= 4, let recordSize = view.u32(start).map(Int.init), recordSize >= size, recordSize % 4 == 0 else {
      throw BTFError(.malformed, "\(what) records have an impossible size", offset: start)
    }
    var at = start + 4
    while at < end {
      guard end - at >= 8, let nameOffset = view.u32(at), let count = view.u32(at + 4).map(Int.init) else {
        throw BTFError(.malformed, "\(what) records end within a section's head", offset: at)
      }
      guard let name = btf.string(at: nameOffset) else {
        throw BTFError(.malformed, "\(what) records name a section by string \(nameOffset), which is outside the strings", offset: at)
      }
      at += 8
      guard count <= (end - at) / recordSize else {
        throw BTFError(.malformed, "\(count) \(what) records of section '\(name)' lead outside their table", offset: at)
      }
      let next = at + count * recordSize
      body(name, stride(from: at, to: next, by: recordSize))
      at = next
    }
  }
}
