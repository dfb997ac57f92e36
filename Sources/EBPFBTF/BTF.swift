/// BPF Type Format: the types of an object, a module or the kernel, read lazily from their bytes (`Documentation/bpf/btf.rst`).
///
/// Making one walks the type section once and keeps each type's offset; nothing else is decoded before it is asked for.
/// A BTF may continue another one (*split* BTF: a module's on the kernel's); its type ids and string offsets then go on where its base ends.
public struct BTF: Sendable {
  /// A type's number; 0 is `void`.
  public typealias TypeID = UInt32

  let storage: Storage

  /// What all copies share.
  final class Storage: Sendable {
    let view: ByteView
    let base: BTF?
    /// Offsets of the types from the blob's start; the first is `firstID`'s.
    let offsets: [UInt32]
    let firstID: TypeID
    let strings: Range<Int>
    /// The length of the base's strings, all of its bases' included.
    let firstString: UInt32

    init(view: ByteView, base: BTF?, offsets: [UInt32], strings: Range<Int>) {
      self.view = view
      self.base = base
      self.offsets = offsets
      self.strings = strings
      firstID = base.map { UInt32(truncatingIfNeeded: $0.count) } ?? 1
      firstString = base.map { $0.storage.firstString &+ UInt32(truncatingIfNeeded: $0.storage.strings.count) } ?? 0
    }
  }

  /// The blob as it stands in `.BTF` or `/sys/kernel/btf/vmlinux`, in its own byte order.
  public var bytes: [UInt8] { storage.view.bytes }
  /// Whether the blob's numbers are big-endian.
  public var isBigEndian: Bool { storage.view.isBigEndian }
  /// What this BTF continues, `nil` for one that stands alone.
  public var base: BTF? { storage.base }
  /// One more than the highest type id, `void` and the base's types included.
  public var count: Int { Int(storage.firstID) + storage.offsets.count }
  /// The ids of the types that this blob adds to its base.
  public var ownTypeIDs: Range<TypeID> { storage.firstID..<UInt32(truncatingIfNeeded: count) }

  /// Reads a blob's header and walks over its types.
  /// - Parameter base: what the blob continues, for split BTF.
  public init(bytes: [UInt8], base: BTF? = nil) throws(BTFError) {
    guard bytes.count >= 24 else { throw BTFError(.malformed, "BTF of \(bytes.count) bytes is shorter than its header", offset: 0) }
    let isBigEndian: Bool
    switch (bytes[0], bytes[1]) {
    case (0x9f, 0xeb): isBigEndian = false
    case (0xeb, 0x9f): isBigEndian = true
    default: throw BTFError(.malformed, "no BTF: the first two bytes are not 0xeb9f", offset: 0)
    }
    if let base, base.isBigEndian != isBigEndian {
      throw BTFError(.malformed, "split BTF has another byte order than its base", offset: 0)
    }
    let view = ByteView(bytes, isBigEndian: isBigEndian)
    guard bytes[2] == 1 else { throw BTFError(.unsupported, "BTF version \(bytes[2]) is not known, only 1", offset: 2) }
    guard let headerLength = view.u32(4), let typeOffset = view.u32(8), let typeLength = view.u32(12), let stringOffset = view.u32(16),
      let stringLength = view.u32(20)
    else { throw BTFError(.malformed, "BTF header is cut short", offset: 0) }
    guard headerLength >= 24, view.holds(0, Int(headerLength)) else {
      throw BTFError(.malformed, "BTF header length \(headerLength) does not fit \(bytes.count) bytes", offset: 4)
    }
    let typesStart = Int(headerLength) + Int(typeOffset)
    guard view.holds(typesStart, Int(typeLength)) else {
      throw BTFError(.malformed, "type section (\(typeLength) bytes) leads outside \(bytes.count) bytes of BTF", offset: 8)
    }
    let stringsStart = Int(headerLength) + Int(stringOffset)
    guard view.holds(stringsStart, Int(stringLength)) else {
      throw BTFError(.malformed, "string section (\(stringLength) bytes) leads outside \(bytes.count) bytes of BTF", offset: 16)
    }
    let strings = stringsStart..<stringsStart + Int(stringLength)
    if stringLength > 0 {
      guard bytes[strings.upperBound - 1] == 0, base != nil || bytes[stringsStart] == 0 else {
        throw BTFError(.malformed, "string section does not begin and end with a zero byte", offset: stringsStart)
      }
    }
    let offsets = try BTF.index(view, typesStart..<typesStart + Int(typeLength), firstID: base?.count ?? 1)
    storage = Storage(view: view, base: base, offsets: offsets, strings: strings)
  }

  /// The offset of each type in the blob.
  private static func index(_ view: ByteView, _ types: Range<Int>, firstID: Int) throws(BTFError) -> [UInt32] {
    guard types.upperBound <= Int(UInt32.max) else { throw BTFError(.malformed, "BTF of over 4 GiB") }
    var offsets: [UInt32] = []
    offsets.reserveCapacity(types.count / 32)
    let span = view.bytes.span.bytes
    let swap = view.isBigEndian
    var offset = types.lowerBound
    while offset < types.upperBound {
      guard types.upperBound - offset >= 12 else {
        throw BTFError(
          .malformed, "type section ends within a type", typeID: UInt32(truncatingIfNeeded: firstID + offsets.count), offset: offset)
      }
      var info = unsafe span.unsafeLoadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
      info = swap ? UInt32(bigEndian: info) : UInt32(littleEndian: info)
      let kindNumber = UInt8(truncatingIfNeeded: info >> 24 & 0x1f)
      guard let kind = BTFKind(rawValue: kindNumber), kind != .void else {
        throw BTFError(
          .unsupported, "kind \(kindNumber) is not known", typeID: UInt32(truncatingIfNeeded: firstID + offsets.count), offset: offset)
      }
      let length = 12 + kind.extraBytes + kind.bytesPerElement * Int(info & 0xffff)
      guard length <= types.upperBound - offset else {
        throw BTFError(
          .malformed, "\(kind) with \(info & 0xffff) elements leads outside the type section",
          typeID: UInt32(truncatingIfNeeded: firstID + offsets.count), offset: offset)
      }
      offsets.append(UInt32(truncatingIfNeeded: offset))
      offset += length
    }
    return offsets
  }

  /// The type of that id; `nil` for 0 (`void`) and for ids that the BTF does not have.
  public func type(_ id: TypeID) -> BTFType? {
    var btf = self
    while id < btf.storage.firstID {
      guard let base = btf.storage.base else { return nil }
      btf = base
    }
    let index = Int(id - btf.storage.firstID)
    guard index < btf.storage.offsets.count else { return nil }
    return BTFType(btf: self, owner: btf.storage, id: id, offset: Int(btf.storage.offsets[index]))
  }

  /// The string at that offset of the string section (a base's strings come first); `nil` outside it.
  public func string(at offset: UInt32) -> String? {
    guard let (owner, position) = locate(offset) else { return nil }
    return owner.view.text(position, before: owner.strings.upperBound)
  }

  /// Whether the string at that offset is `text`; decodes nothing.
  public func string(at offset: UInt32, equals text: String) -> Bool {
    guard let (owner, position) = locate(offset) else { return false }
    return owner.view.textEquals(position, text, before: owner.strings.upperBound)
  }

  func locate(_ offset: UInt32) -> (Storage, Int)? {
    var owner = storage
    while offset < owner.firstString {
      guard let base = owner.base else { return nil }
      owner = base.storage
    }
    let position = Int(offset - owner.firstString)
    return position < owner.strings.count ? (owner, owner.strings.lowerBound + position) : nil
  }

  /// The first type of that name, of one of these kinds (all where it is empty); this blob's types before its base's.
  public func find(_ name: String, kinds: Set<BTFKind> = []) -> BTFType? {
    guard !name.isEmpty else { return nil }
    for id in ownTypeIDs {
      guard let type = type(id), kinds.isEmpty || kinds.contains(type.kind) else { continue }
      if string(at: type.nameOffset, equals: name) { return type }
    }
    return base?.find(name, kinds: kinds)
  }
}
