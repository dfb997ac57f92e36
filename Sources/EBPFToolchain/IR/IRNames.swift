/// A name in the tables of one module: two are equal when their bytes are.
package struct IRName: Hashable, Sendable {
  package var index: UInt32

  package init(index: UInt32) { self.index = index }

  /// No name: the empty one.
  package static let empty = IRName(index: 0)
  package var isEmpty: Bool { index == 0 }
}

/// The names of a module, each kept once: identifiers, keywords, strings, in the bytes that the text has between its quotes.
package struct IRNames: Sendable {
  private var bytes: [UInt8] = []
  /// Where each name ends in `bytes`; one begins where the one before ends.
  private var ends: [UInt32] = []
  /// Open addressing: index + 1 of a name, 0 for a free slot. A power of two, at most half full.
  private var slots: [UInt32]

  /// A table that holds the empty name and `known`, in this order.
  package init(known: [StaticString] = []) {
    slots = Array(repeating: 0, count: 4096)
    bytes.reserveCapacity(1 << 16)
    ends.reserveCapacity(4096)
    _ = intern(UnsafeBufferPointer(start: nil, count: 0))
    for name in known { _ = name.withUTF8Buffer { intern($0) } }
  }

  package var count: Int { ends.count }

  @inline(__always)
  private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(truncatingIfNeeded: text.count)
    var index = 0
    while index + 8 <= text.count {
      let word = UnsafeRawPointer(text.baseAddress! + index).loadUnaligned(as: UInt64.self)
      hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
      hash ^= hash >> 29
      index += 8
    }
    while index < text.count {
      hash = (hash ^ UInt64(text[index])) &* 0x0000_0100_0000_01b3
      index += 1
    }
    return (hash ^ (hash >> 32)) &* 0x9e37_79b9_7f4a_7c15 >> 16
  }

  /// The name with these bytes, made when it is new.
  package mutating func intern(_ text: UnsafeBufferPointer<UInt8>) -> IRName {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: Self.hash(text)) & mask
    while slots[slot] != 0 {
      let index = slots[slot] &- 1
      if matches(Int(index), text) { return IRName(index: index) }
      slot = (slot + 1) & mask
    }
    let index = UInt32(ends.count)
    bytes.append(contentsOf: text)
    ends.append(UInt32(bytes.count))
    slots[slot] = index + 1
    if ends.count * 2 > slots.count { grow() }
    return IRName(index: index)
  }

  package mutating func intern(_ text: String) -> IRName {
    var text = text
    return text.withUTF8 { intern($0) }
  }

  package mutating func intern(_ text: [UInt8]) -> IRName {
    text.withUnsafeBufferPointer { intern($0) }
  }

  /// The name if it is there; nothing is made.
  package func find(_ text: String) -> IRName? {
    var text = text
    return text.withUTF8 { text in
      let mask = slots.count - 1
      var slot = Int(truncatingIfNeeded: Self.hash(text)) & mask
      while slots[slot] != 0 {
        if matches(Int(slots[slot] &- 1), text) { return IRName(index: slots[slot] &- 1) }
        slot = (slot + 1) & mask
      }
      return nil
    }
  }

  @inline(__always)
  private func range(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
  }

  @inline(__always)
  private func matches(_ index: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = range(index)
    guard range.count == text.count else { return false }
    return bytes.withUnsafeBufferPointer { all in
      for offset in 0..<text.count where all[range.lowerBound + offset] != text[offset] { return false }
      return true
    }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 4)
    let mask = slots.count - 1
    for index in 0..<ends.count {
      let hash = bytes.withUnsafeBufferPointer { Self.hash(UnsafeBufferPointer(rebasing: $0[range(index)])) }
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = UInt32(index) + 1
    }
  }

  /// The bytes of a name while the body runs.
  package func withBytes<Result>(_ name: IRName, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let range = range(Int(name.index))
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  /// The bytes of a name as a text.
  package subscript(name: IRName) -> String {
    withBytes(name) { String(decoding: $0, as: UTF8.self) }
  }

  package func hasPrefix(_ name: IRName, _ prefix: StaticString) -> Bool {
    withBytes(name) { text in
      prefix.withUTF8Buffer { prefix in
        guard text.count >= prefix.count else { return false }
        for index in 0..<prefix.count where text[index] != prefix[index] { return false }
        return true
      }
    }
  }

  package func hasSuffix(_ name: IRName, _ suffix: StaticString) -> Bool {
    withBytes(name) { text in
      suffix.withUTF8Buffer { suffix in
        guard text.count >= suffix.count else { return false }
        for index in 0..<suffix.count where text[text.count - suffix.count + index] != suffix[index] { return false }
        return true
      }
    }
  }
}

/// A short list of names, kept once in a module: the attributes of a parameter, the words in front of a type.
package struct IRList: Hashable, Sendable {
  package var index: UInt32
  package init(index: UInt32) { self.index = index }
  package static let empty = IRList(index: 0)
  package var isEmpty: Bool { index == 0 }
}

/// The lists of a module.
package struct IRLists: Sendable {
  private var lists: [[IRName]] = [[]]
  private var indices: [[IRName]: UInt32] = [[]: 0]
  /// The list of one name, by the name's index; 0 where there is none yet.
  private var single: [UInt32] = []

  package init() {}

  package subscript(list: IRList) -> [IRName] { lists[Int(list.index)] }

  package mutating func intern(_ names: [IRName]) -> IRList {
    if names.isEmpty { return .empty }
    if names.count == 1 {
      let index = Int(names[0].index)
      if index < single.count, single[index] != 0 { return IRList(index: single[index]) }
      if index >= single.count { single += Array(repeating: 0, count: index + 1 - single.count + 64) }
      single[index] = UInt32(lists.count)
      lists.append(names)
      return IRList(index: single[index])
    }
    if let index = indices[names] { return IRList(index: index) }
    let index = UInt32(lists.count)
    lists.append(names)
    indices[names] = index
    return IRList(index: index)
  }
}
