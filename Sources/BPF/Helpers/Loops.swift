// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Loops whose bounds the verifier takes at their word. A plain `for` with a constant or a checked bound needs none of these.

/// Whether a loop goes on.
@frozen
public enum LoopStep {
  case next
  case stop
}

/// Calls `body` with 0 to below `count`, at most 8388608, until it returns `.stop` (`bpf_loop`, Linux 5.17). The verifier looks at the body
/// once, whatever `count` is.
/// ```swift
/// var sum: UInt32 = 0
/// loop(1000) { index in
///   sum &+= index
///   return .next
/// }
/// ```
/// - Returns: how often it was called, or a negative errno.
@discardableResult @inline(__always)
public func loop(_ count: UInt32, _ body: (UInt32) -> LoopStep) -> Int { callbackLoop(count, body) }

/// Numbers of a range that need not be bounded for the verifier: the loop ends after about eight million turns in any case (may_goto,
/// Linux 6.9).
/// ```swift
/// for offset in bounded(14..<end) { … }
/// ```
@inline(__always)
public func bounded(_ range: Range<Int>) -> BoundedRange { BoundedRange(range) }

/// Whether a `while` loop may go on: `false` after about eight million turns (may_goto, Linux 6.9).
/// ```swift
/// while mayContinue(), let next = node.next { … }
/// ```
@inline(__always)
public func mayContinue() -> Bool { cbpf_may_continue() }

/// The numbers of ``bounded(_:)``.
@frozen
public struct BoundedRange: Sequence, IteratorProtocol {
  var position: Int
  let end: Int

  @inline(__always)
  init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  @inline(__always)
  public mutating func next() -> Int? {
    if position >= end || !cbpf_may_continue() { return nil }
    let result = position
    position &+= 1
    return result
  }
}

extension KeyedMap where Self: ~Copyable {
  /// Calls `body` for each element, until it returns `.stop` (`bpf_for_each_map_elem`, Linux 5.13): hash maps and arrays.
  /// - Returns: how often it was called, or a negative errno.
  @discardableResult @inline(__always)
  public func forEach(_ body: (MapKey<Key>, MapValue<Value>) -> LoopStep) -> Int { callbackForEach(map, body) }
}
