/// Names as CO-RE sees them: the part before the last `___` is what counts, the rest is a *flavour* that tells variants of a type apart.
extension BTF {
  /// Bytes of a name before its flavour: up to the last `___` that has another character on both sides.
  package static func essentialLength(_ name: some RandomAccessCollection<UInt8>) -> Int {
    let underscore = UInt8(ascii: "_")
    var index = name.count - 5
    while index >= 0 {
      let start = name.index(name.startIndex, offsetBy: index)
      let after = name[start...].prefix(5)
      if after.first != underscore, after.last != underscore, after.dropFirst().dropLast().allSatisfy({ $0 == underscore }) {
        return index + 1
      }
      index -= 1
    }
    return name.count
  }

  /// A name without its flavour.
  package static func essentialName(_ name: String) -> String {
    let bytes = Array(name.utf8)
    let length = essentialLength(bytes)
    return length == bytes.count ? name : String(decoding: bytes[..<length], as: UTF8.self)
  }

  /// Whether the string at that offset is `name`, which has no flavour, with any flavour or none.
  package func string(at offset: UInt32, hasEssentialName name: [UInt8]) -> Bool {
    guard let (owner, position) = locate(offset) else { return false }
    return owner.view.bytes.withUnsafeBufferPointer { bytes in
      unsafe BTF.hasEssentialName(UnsafeBufferPointer(rebasing: bytes[position..<owner.strings.upperBound]), name)
    }
  }

  /// Whether the text that begins there, ended by a zero byte, is `name` with any flavour or none.
  private static func hasEssentialName(_ text: UnsafeBufferPointer<UInt8>, _ name: [UInt8]) -> Bool {
    guard name.count < text.count else { return false }
    for index in 0..<name.count where unsafe text[index] != name[index] { return false }
    // The rest is nothing, or one flavour: the last `___` of the whole is the one here.
    guard unsafe text[name.count] != 0 else { return true }
    guard let end = unsafe text[name.count...].firstIndex(of: 0) else { return false }
    return essentialLength(unsafe UnsafeBufferPointer(rebasing: text[..<end])) == name.count
  }

  /// The own types of these kinds, by rising id; one walk over all types.
  package func ownTypes(of kinds: Set<BTFKind>) -> [TypeID] {
    var mask: UInt32 = 0
    for kind in kinds { mask |= 1 << UInt32(kind.rawValue) }
    var result: [TypeID] = []
    let first = storage.firstID
    storage.view.bytes.withUnsafeBufferPointer { bytes in
      // The kind stands in the most significant byte of the second number.
      let place = isBigEndian ? 4 : 7
      for (index, offset) in storage.offsets.enumerated() {
        let kind = unsafe bytes[Int(offset) + place] & 0x1f
        if mask >> UInt32(kind) & 1 != 0 { result.append(first &+ UInt32(truncatingIfNeeded: index)) }
      }
    }
    return result
  }

  /// Those of the own types whose name is `name`, with any flavour or none.
  package func types(_ ids: [TypeID], withEssentialName name: [UInt8]) -> [TypeID] {
    guard let initial = name.first else { return [] }
    var result: [TypeID] = []
    let strings = storage.strings
    let firstString = storage.firstString
    let isBigEndian = isBigEndian
    storage.view.bytes.withUnsafeBufferPointer { bytes in
      let text = unsafe UnsafeBufferPointer(rebasing: bytes[strings])
      for id in ids {
        let offset = Int(storage.offsets[Int(id &- storage.firstID)])
        let raw = unsafe UnsafeRawPointer(bytes.baseAddress! + offset).loadUnaligned(as: UInt32.self)
        let nameOffset = isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
        guard nameOffset >= firstString else {
          // A name in the base's strings.
          if string(at: nameOffset, hasEssentialName: name) { result.append(id) }
          continue
        }
        let position = Int(nameOffset - firstString)
        guard position < text.count, unsafe text[position] == initial else { continue }
        if unsafe BTF.hasEssentialName(UnsafeBufferPointer(rebasing: text[position...]), name) { result.append(id) }
      }
    }
    return result
  }

  /// Bytes of a pointer, by the integer named `long`; 8 where there is none. A BTF takes its base's.
  package var pointerSize: Int {
    if let base { return base.pointerSize }
    for id in ownTypes(of: [.int]) {
      guard let type = type(id), let size = type.statedSize, size == 4 || size == 8 else { continue }
      let words = type.name.split(separator: " ").sorted()
      switch words {
      case ["long"], ["int", "long"], ["long", "unsigned"], ["int", "long", "unsigned"]: return size
      default: continue
      }
    }
    return 8
  }
}

extension BTF {
  /// Those of the own types that have one of these names, with their names; decodes no other.
  package func types(_ ids: [TypeID], named names: Set<String>) -> [(name: String, id: TypeID)] {
    var byHash: [UInt32: [String]] = [:]
    for name in names { byHash[BTF.hash(name.utf8), default: []].append(name) }
    // One bit for each hash in the table, so that most types cost no look-up.
    var filter = [UInt64](repeating: 0, count: 64)
    for hash in byHash.keys { filter[Int(hash >> 6 & 63)] |= 1 << UInt64(hash & 63) }
    var result: [(String, TypeID)] = []
    let isBigEndian = isBigEndian
    storage.view.bytes.withUnsafeBufferPointer { bytes in
      for id in ids {
        let offset = Int(storage.offsets[Int(id &- storage.firstID)])
        let raw = unsafe UnsafeRawPointer(bytes.baseAddress! + offset).loadUnaligned(as: UInt32.self)
        let nameOffset = isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
        guard nameOffset != 0, let (owner, position) = locate(nameOffset) else { continue }
        let hash = owner.view.bytes.withUnsafeBufferPointer { text in
          var end = position
          while end < owner.strings.upperBound, unsafe text[end] != 0 { end += 1 }
          return unsafe BTF.hash(UnsafeBufferPointer(rebasing: text[position..<end]))
        }
        guard filter[Int(hash >> 6 & 63)] >> UInt64(hash & 63) & 1 != 0, let names = byHash[hash] else { continue }
        for name in names where string(at: nameOffset, equals: name) { result.append((name, id)) }
      }
    }
    return result
  }

  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var hash: UInt32 = 0x811c_9dc5
    for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return hash ^ hash >> 15
  }
}
