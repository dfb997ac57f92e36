internal import CEBPF
internal import EBPFBTF
internal import EBPFHost
internal import EBPFISA
internal import EBPFObject

/// An object's types in the kernel (`BPF_BTF_LOAD`), and the records of a program that refer to them.
struct KernelTypes {
  let descriptor: FileDescriptor
  /// The strings of the object's types, in which a relocation's access path is looked up.
  private let strings: ArraySlice<UInt8>

  /// Loads them, changed as far as the kernel asks for; `nil` where the object has none or the kernel refuses them.
  ///
  /// A refusal is no failure: types are names and checks on top of a program. What cannot do without them (a spin lock in a map, a kernel
  /// function) is then refused at its own place.
  init?(_ object: ObjectSpec) {
    guard let btf = object.btf, let image = TypeImage(btf.bytes) else { return nil }
    let bytes = image.acceptable()
    var attributes = ebpf_btf_load()
    let result = bytes.withUnsafeBytes { bytes in
      attributes.btf = UInt64(address: bytes.baseAddress)
      attributes.btf_size = UInt32(clamping: bytes.count)
      return SystemCall.bpf(EBPF_BTF_LOAD, &attributes)
    }
    guard case .success(let fd) = result else { return nil }
    descriptor = FileDescriptor(owning: fd)
    strings = image.strings
  }

  func close() { descriptor.close() }

  /// Gives a program's functions, lines and relocations to a loader, those that the kernel takes as a whole.
  func describe(_ spec: ProgramSpec, in loader: inout ProgramLoader) {
    loader.types = descriptor
    guard spec.functions.allSatisfy({ $0.typeID != 0 }), spec.functions.first?.start == 0 else { return }
    loader.functions = spec.functions.map { ebpf_function_info(insn_off: UInt32(clamping: $0.start), type_id: $0.typeID) }
    loader.lines = lines(of: spec)
    loader.relocations = spec.coreRelocations.compactMap { relocation in
      offset(of: relocation.access).map {
        ebpf_core_relocation(
          insn_off: UInt32(clamping: relocation.slot * 8), type_id: relocation.typeID, access_str_off: $0, kind: relocation.kind)
      }
    }
  }

  /// The line records; none where a function has no line at its first instruction, which the kernel insists on.
  private func lines(of spec: ProgramSpec) -> [ebpf_line_info] {
    var result: [ebpf_line_info] = []
    var starts = Set(spec.functions.map(\.start))
    var last = -1
    for line in spec.lines {
      // One record a slot, and none on the second half of a wide instruction (opcode 0).
      guard line.slot > last, spec.instructions.indices.contains(line.slot), spec.instructions[line.slot].opcode != 0 else { continue }
      last = line.slot
      starts.remove(line.slot)
      result.append(
        ebpf_line_info(
          insn_off: UInt32(clamping: line.slot), file_name_off: line.fileOffset, line_off: line.textOffset,
          line_col: UInt32(clamping: min(line.line, 0x3fffff)) << 10 | UInt32(clamping: min(line.column, 0x3ff))))
    }
    return starts.isEmpty ? result : []
  }

  /// Where a text stands among the strings, itself or as another's end.
  private func offset(of text: String) -> UInt32? {
    let wanted = Array(text.utf8) + [0]
    guard strings.count >= wanted.count else { return nil }
    for start in strings.startIndex...(strings.endIndex - wanted.count) where strings[start...].starts(with: wanted) {
      return UInt32(start - strings.startIndex)
    }
    return nil
  }
}

/// The bytes of an object's types, rewritten as the kernel takes them (`kernel/bpf/btf.c`, `btf_check_all_metas`).
///
/// Type numbers and string offsets stay as they are. What the kernel does not take:
/// functions and variables that are only declared (`extern`), and sections of them (`.ksyms`, which also has functions as members).
struct TypeImage {
  private static let headerSize = 24

  private enum Kind: UInt32 {
    case integer = 1
    case array = 3
    case structure = 4
    case union = 5
    case enumeration = 6
    case const = 10
    case function = 12
    case prototype = 13
    case variable = 14
    case dataSection = 15
    case declarationTag = 17
    case enumeration64 = 19
  }

  /// One type's place.
  private struct Record {
    var offset: Int
    var length: Int
    var kind: UInt32
    var vlen: Int
  }

  private let bytes: [UInt8]
  private let typeStart: Int
  private let stringStart: Int
  private let stringLength: Int
  private var records: [Record] = []

  /// Reads the outline; `nil` where the bytes are no BTF of this machine's byte order.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    func word(_ offset: Int) -> UInt32? {
      guard offset >= 0, offset + 4 <= bytes.count else { return nil }
      return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
    guard let magic = word(0), magic & 0xffff == 0xeb9f, let header = word(4), let typeOffset = word(8), let typeLength = word(12),
      let stringOffset = word(16), let stringLength = word(20)
    else { return nil }
    typeStart = Int(header) + Int(typeOffset)
    stringStart = Int(header) + Int(stringOffset)
    self.stringLength = Int(stringLength)
    let typeEnd = typeStart + Int(typeLength)
    guard Int(header) >= Self.headerSize, typeEnd <= bytes.count, stringStart + self.stringLength <= bytes.count else { return nil }
    var offset = typeStart
    while offset < typeEnd {
      guard let info = word(offset + 4) else { return nil }
      let kind = info >> 24 & 0x1f
      let vlen = Int(info & 0xffff)
      let extra: Int =
        switch Kind(rawValue: kind) {
        case .integer?, .variable?, .declarationTag?: 4
        case .array?: 12
        case .structure?, .union?, .dataSection?, .enumeration64?: 12 * vlen
        case .enumeration?, .prototype?: 8 * vlen
        default: 0
        }
      guard offset + 12 + extra <= typeEnd else { return nil }
      records.append(Record(offset: offset, length: 12 + extra, kind: kind, vlen: vlen))
      offset += 12 + extra
    }
  }

  /// The strings, in ``bytes``.
  var strings: ArraySlice<UInt8> { bytes[stringStart..<stringStart + stringLength] }

  /// The rewritten bytes.
  func acceptable() -> [UInt8] {
    var types: [UInt8] = []
    types.reserveCapacity(bytes.count)
    let dropped = droppedTypes()
    for (index, record) in records.enumerated() {
      if dropped.contains(index + 1) {
        // `const void`: the shortest type that stands for nothing in particular.
        append(&types, 0, Kind.const.rawValue << 24, 0)
        continue
      }
      let start = types.count
      types += bytes[record.offset..<record.offset + record.length]
      switch Kind(rawValue: record.kind) {
      case .function? where record.vlen > 1: store(&types, start + 4, Kind.function.rawValue << 24)
      case .variable? where word(record.offset + 12) > 1: store(&types, start + 12, 1)
      default: break
      }
    }
    var result: [UInt8] = []
    result.reserveCapacity(Self.headerSize + types.count + stringLength)
    append(&result, word(0), UInt32(Self.headerSize), 0)
    append(&result, UInt32(types.count), UInt32(types.count), UInt32(stringLength))
    return result + types + strings
  }

  /// The numbers of the sections with members that are only declared in the kernel, of those members that are variables, and of tags on them.
  private func droppedTypes() -> Set<Int> {
    var dropped: Set<Int> = []
    for (index, record) in records.enumerated() where record.kind == Kind.dataSection.rawValue && name(record).elementsEqual(".ksyms".utf8)
    {
      dropped.insert(index + 1)
      for member in 0..<record.vlen {
        let type = Int(word(record.offset + 12 + 12 * member))
        if records.indices.contains(type - 1), records[type - 1].kind == Kind.variable.rawValue { dropped.insert(type) }
      }
    }
    for (index, record) in records.enumerated()
    where record.kind == Kind.declarationTag.rawValue && dropped.contains(Int(word(record.offset + 8))) {
      dropped.insert(index + 1)
    }
    return dropped
  }

  private func name(_ record: Record) -> ArraySlice<UInt8> {
    let offset = Int(word(record.offset))
    guard offset < stringLength else { return [] }
    return strings[(stringStart + offset)...].prefix { $0 != 0 }
  }

  private func word(_ offset: Int) -> UInt32 { bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) } }

  private func store(_ target: inout [UInt8], _ offset: Int, _ value: UInt32) {
    target.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }
  }

  private func append(_ target: inout [UInt8], _ values: UInt32...) {
    for value in values { withUnsafeBytes(of: value) { target += $0 } }
  }
}
