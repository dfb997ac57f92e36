// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Contexts whose arguments have the names and types of the kernel's function, which the module `Kernel` knows.

/// A context at a function of the kernel. Its arguments are properties, by their names in the kernel's source.
/// ```swift
/// @section("fentry/do_unlinkat") @used
/// func unlinked(_ ctx: FunctionEntry<do_unlinkat>) { directories.count(ctx.dfd) }
/// ```
public protocol KernelCall {
  /// The function, tracepoint or hook.
  associatedtype Function
  /// An argument by its place.
  subscript(_ index: Int) -> UInt64 { get }
}

/// The context of a program at the entry of a kernel function.
///
/// Sections: `fentry/NAME`, `fentry.s/NAME` (may sleep).
@frozen
public struct FunctionEntry<Function>: FunctionContext, KernelCall {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program at the end of a kernel function: `returned` is its result.
///
/// Sections: `fexit/NAME`, `fexit.s/NAME` (may sleep).
@frozen
public struct FunctionExit<Function>: FunctionResultContext, KernelCall {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program of a typed raw tracepoint.
///
/// Section: `tp_btf/NAME`.
@frozen
public struct BTFTracepoint<Function>: ArgumentContext, KernelCall {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program of a security hook. The result is 0, or a negative errno that refuses.
///
/// Sections: `lsm/NAME`, `lsm.s/NAME` (may sleep).
@frozen
public struct SecurityHook<Function>: ArgumentContext, KernelCall {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program at the entry of a kernel function, by a breakpoint: up to six arguments.
///
/// Section: `kprobe/NAME`.
@frozen
public struct Kprobe<Function>: EntryContext, KernelCall {
  public let pointer: UnsafeMutablePointer<pt_regs>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<pt_regs>) { self.pointer = pointer }
}
