// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Probes that a program's author has put into it (user-level statically defined tracing).

/// Where an argument of a probe is, as the loader reads it from the traced file (`struct __bpf_usdt_arg_spec` of libbpf).
@frozen
public struct USDTArgument: BitwiseCopyable {
  /// The argument itself, or what is added to an address.
  var value: UInt64
  /// The kind of place (8 bits), a second register's offset (12 bits) and its shift (4 bits).
  var place: UInt32
  /// The register's offset in `struct pt_regs`.
  var register: Int16
  /// 1 where the argument has a sign.
  var isSigned: UInt8
  /// 64 less the argument's bits.
  var shift: UInt8
}

/// The arguments of a probe (`struct __bpf_usdt_spec` of libbpf).
@frozen
public struct USDTSpecification: BitwiseCopyable {
  var arguments: InlineArray<12, USDTArgument>
  var cookie: UInt64
  var count: Int16
}

/// The probes' specifications, which the loader writes. A program with probes has one, under libbpf's name: `__bpf_usdt_specs`.
public struct USDTSpecifications: ~Copyable, Sendable {
  let map: ArrayMap<USDTSpecification>

  @inline(__always)
  public init(maxEntries: Int = 256) { map = ArrayMap(count: maxEntries) }
}

/// The context of a program at a probe of a process.
///
/// Section: `usdt/PATH:PROVIDER:NAME`.
/// ```swift
/// let __bpf_usdt_specs = USDTSpecifications()
///
/// @section("usdt//usr/bin/node:node:gc__start") @used
/// func collected(_ ctx: USDTContext) { if let kind = ctx.argument(0, __bpf_usdt_specs) { collections.count(kind) } }
/// ```
@frozen
public struct USDTContext: RegisterContext {
  public let pointer: UnsafeMutablePointer<pt_regs>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<pt_regs>) { self.pointer = pointer }

  /// How many arguments the probe has; `nil` where the loader gave no specification.
  @inline(__always)
  public func argumentCount(_ specifications: borrowing USDTSpecifications) -> Int? {
    guard let specification = specifications.map[UInt32(truncatingIfNeeded: attachCookie)] else { return nil }
    return Int(specification.pointer.pointee.count)
  }

  /// An argument, from 0 to 11, extended to 64 bits by its sign; `nil` where the probe has fewer or the process's memory cannot be read.
  @inline(__always)
  public func argument(_ index: Int, _ specifications: borrowing USDTSpecifications) -> UInt64? {
    guard index >= 0, index < 12, let specification = specifications.map[UInt32(truncatingIfNeeded: attachCookie)],
      index < Int(specification.pointer.pointee.count)
    else { return nil }
    return usdtArgument(pointer, UnsafeRawPointer(specification.pointer), index)
  }
}

/// Reads an argument where its specification says it is.
@inline(__always)
func usdtArgument(_ registers: UnsafeMutablePointer<pt_regs>, _ specification: UnsafeRawPointer, _ index: Int) -> UInt64? {
  let argument = (specification + index &* 16).assumingMemoryBound(to: USDTArgument.self)
  let place = argument.pointee.place
  var value = argument.pointee.value
  switch place & 0xFF {
  case 0: break
  case 1, 2, 3:
    guard let base: UInt64 = KernelMemory.load(from: UnsafeRawPointer(registers) + Int(argument.pointee.register)) else { return nil }
    if place & 0xFF == 1 {
      value = base
      break
    }
    var address = base &+ value
    if place & 0xFF == 3 {
      guard let second: UInt64 = KernelMemory.load(from: UnsafeRawPointer(registers) + Int(place >> 8 & 0xFFF)) else { return nil }
      address = address &+ second &<< UInt64(place >> 20 & 15)
    }
    guard let loaded: UInt64 = UserMemory.load(from: address) else { return nil }
    value = loaded
  default: return nil
  }
  let shift = UInt64(argument.pointee.shift & 63)
  value = value &<< shift
  return argument.pointee.isSigned != 0 ? UInt64(bitPattern: Int64(bitPattern: value) &>> Int64(bitPattern: shift)) : value &>> shift
}
