// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A value that ``printk(_:)`` takes: an integer or pointer.
public protocol PrintArgument {
  /// The value in a helper's argument.
  var printWord: UInt64 { get }
}

extension PrintArgument where Self: FixedWidthInteger {
  @inline(__always)
  public var printWord: UInt64 { UInt64(truncatingIfNeeded: self) }
}

extension Int: PrintArgument {}
extension Int8: PrintArgument {}
extension Int16: PrintArgument {}
extension Int32: PrintArgument {}
extension Int64: PrintArgument {}
extension UInt: PrintArgument {}
extension UInt8: PrintArgument {}
extension UInt16: PrintArgument {}
extension UInt32: PrintArgument {}
extension UInt64: PrintArgument {}

extension Bool: PrintArgument {
  @inline(__always)
  public var printWord: UInt64 { self ? 1 : 0 }
}

extension Port: PrintArgument {
  @inline(__always)
  public var printWord: UInt64 { UInt64(value) }
}

extension BigEndian: PrintArgument {
  @inline(__always)
  public var printWord: UInt64 { UInt64(truncatingIfNeeded: value) }
}

extension UnsafeRawPointer: PrintArgument {
  @inline(__always)
  public var printWord: UInt64 { UInt64(UInt(bitPattern: self)) }
}

/// Writes a line to `/sys/kernel/tracing/trace_pipe` (`bpf_trace_printk`): for looking at a program while it is written. Needs a GPL licence.
/// - Parameter format: as the kernel's printk: `%d`, `%u`, `%x`, with `l` or `ll` for 64 bits.
@inline(__always)
public func printk(_ format: StaticString) { print3(format, 0, 0, 0) }

/// Writes a line with one value.
@inline(__always)
public func printk(_ format: StaticString, _ a: some PrintArgument) { print3(format, a.printWord, 0, 0) }

/// Writes a line with two values.
@inline(__always)
public func printk(_ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument) {
  print3(format, a.printWord, b.printWord, 0)
}

/// Writes a line with three values.
@inline(__always)
public func printk(_ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument, _ c: some PrintArgument) {
  print3(format, a.printWord, b.printWord, c.printWord)
}

/// Writes a line with four values (`bpf_trace_vprintk`, Linux 5.16).
@inline(__always)
public func printk(
  _ format: StaticString, _ a: some PrintArgument, _ b: some PrintArgument, _ c: some PrintArgument, _ d: some PrintArgument
) {
  var words = (a.printWord, b.printWord, c.printWord, d.printWord)
  _ = bpf_trace_vprintk(text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), &words, 32)
}

@inline(__always)
func print3(_ format: StaticString, _ a: UInt64, _ b: UInt64, _ c: UInt64) {
  _ = bpf_trace_printk(text(format), UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1), a, b, c)
}

/// The bytes of a text; a zero byte follows them.
@inline(__always)
func text(_ text: StaticString) -> UnsafePointer<CChar> { UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self) }
