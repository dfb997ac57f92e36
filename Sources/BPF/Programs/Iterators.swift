// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Programs that are called for each object of a kind, and write what a reader of the iterator's file gets.

/// A context of an iterator.
public protocol IteratorContext: TracingContext {
  /// The file that is read.
  var output: IteratorOutput { get }
}

/// What a reader of an iterator's file gets.
@frozen
public struct IteratorOutput {
  let sequence: OpaquePointer?
  let meta: UnsafeMutablePointer<bpf_iter_meta>

  @inline(__always)
  init(_ meta: UnsafeMutablePointer<bpf_iter_meta>) {
    self.meta = meta
    sequence = meta.pointee.seq
  }

  /// How many objects came before, from 0 on.
  @inline(__always)
  public var position: UInt64 { meta.pointee.seq_num }

  /// Writes a value as it lies in memory (`bpf_seq_write`).
  @discardableResult @inline(__always)
  public func write<Value: BitwiseCopyable>(_ value: Value) -> Bool {
    withZeroPadded(value) { bpf_seq_write(sequence, $0, UInt32(MemoryLayout<Value>.stride)) == 0 }
  }

  /// Writes text (`bpf_seq_printf`).
  @discardableResult @inline(__always)
  public func print(_ format: StaticString) -> Bool {
    bpf_seq_printf(sequence, text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), nil, 0) == 0
  }

  /// Writes text with a value.
  @discardableResult @inline(__always)
  public func print(_ format: StaticString, _ a: some PrintArgument) -> Bool {
    var words = a.printWord
    return bpf_seq_printf(sequence, text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), &words, 8) == 0
  }

  /// Writes text with two values.
  @discardableResult @inline(__always)
  public func print(_ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument) -> Bool {
    var words = (a.printWord, b.printWord)
    return bpf_seq_printf(sequence, text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), &words, 16) == 0
  }

  /// Writes text with three values.
  @discardableResult @inline(__always)
  public func print(_ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument, _ c: some PrintArgument) -> Bool {
    var words = (a.printWord, b.printWord, c.printWord)
    return bpf_seq_printf(sequence, text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), &words, 24) == 0
  }
}

extension IteratorOutput {
  /// Writes text with four values.
  @discardableResult @inline(__always)
  public func print(
    _ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument, _ c: some PrintArgument, _ d: some PrintArgument
  ) -> Bool {
    var words = (a.printWord, b.printWord, c.printWord, d.printWord)
    return bpf_seq_printf(sequence, text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), &words, 32) == 0
  }

  /// Writes text with five values.
  @discardableResult @inline(__always)
  public func print(
    _ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument, _ c: some PrintArgument, _ d: some PrintArgument,
    _ e: some PrintArgument
  ) -> Bool {
    var words = (a.printWord, b.printWord, c.printWord, d.printWord, e.printWord)
    return bpf_seq_printf(sequence, text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), &words, 40) == 0
  }
}

/// The context of an iterator over tasks.
///
/// Section: `iter/task`. The result is an `Int32`: 0, or 1 to be called again for the same task.
@frozen
public struct TaskIteratorContext: IteratorContext {
  public let pointer: UnsafeMutablePointer<bpf_iter__task>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_iter__task>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var output: IteratorOutput { IteratorOutput(pointer.pointee.meta.unsafelyUnwrapped) }

  /// The task; `nil` in the last call, when there are no more.
  @inline(__always)
  public var task: TaskPointer? { pointer.pointee.task.map { TaskPointer($0) } }
}

/// The context of an iterator over a map's elements.
///
/// Section: `iter/bpf_map_elem`. The result is an `Int32`: 0, or 1 to be called again for the same element.
@frozen
public struct MapIteratorContext<Key: BitwiseCopyable, Value: BitwiseCopyable>: IteratorContext {
  public let pointer: UnsafeMutablePointer<bpf_iter__bpf_map_elem>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<bpf_iter__bpf_map_elem>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  @inline(__always)
  public var output: IteratorOutput { IteratorOutput(pointer.pointee.meta.unsafelyUnwrapped) }

  /// The key; `nil` in the last call, when there are no more.
  @inline(__always)
  public var key: MapKey<Key>? { pointer.pointee.key.map { MapKey(pointer: UnsafePointer($0.assumingMemoryBound(to: Key.self))) } }

  /// The value; `nil` in the last call.
  @inline(__always)
  public var value: MapValue<Value>? { pointer.pointee.value.map { MapValue($0) } }
}
