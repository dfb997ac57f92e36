// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Programs at instructions of the kernel or of a process: their context is the registers.

/// A context that is the registers of the processor that the program was compiled for.
public protocol RegisterContext: TracingContext {
  var pointer: UnsafeMutablePointer<pt_regs> { get }
}

extension RegisterContext {
  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }
  /// Where the processor was.
  @inline(__always)
  public var instructionPointer: UInt64 { cbpf_instruction_pointer(pointer) }
  /// The stack pointer.
  @inline(__always)
  public var stackPointer: UInt64 { cbpf_stack_pointer(pointer) }
  /// The frame pointer.
  @inline(__always)
  public var framePointer: UInt64 { cbpf_frame_pointer(pointer) }
}

/// A context at a function's entry.
public protocol EntryContext: RegisterContext {}

extension EntryContext {
  /// An argument of the function, from 0 on, as a register holds it. The index must be a constant, 0 to 5.
  @inline(__always)
  public subscript(_ index: Int) -> UInt64 {
    switch index {
    case 0: cbpf_argument0(pointer)
    case 1: cbpf_argument1(pointer)
    case 2: cbpf_argument2(pointer)
    case 3: cbpf_argument3(pointer)
    case 4: cbpf_argument4(pointer)
    default: cbpf_argument5(pointer)
    }
  }
  /// The address of the function (`bpf_get_func_ip`).
  @inline(__always)
  public var functionAddress: UInt64 { bpf_get_func_ip(rawPointer) }
}

/// A context at a function's end.
public protocol ReturnContext: RegisterContext {}

extension ReturnContext {
  /// What the function returns.
  @inline(__always)
  public var result: UInt64 { cbpf_result(pointer) }
  /// The address of the function (`bpf_get_func_ip`).
  @inline(__always)
  public var functionAddress: UInt64 { bpf_get_func_ip(rawPointer) }
}

/// The context of a program at a kernel function's entry, or another of its instructions.
///
/// Sections: `kprobe/NAME`, `kprobe/NAME+OFFSET`, `kprobe.multi/PATTERN`.
@frozen
public struct KprobeContext: EntryContext {
  public let pointer: UnsafeMutablePointer<pt_regs>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<pt_regs>) { self.pointer = pointer }

  /// Lets the function return this at once: functions for error injection only (`bpf_override_return`).
  @inline(__always)
  public func overrideReturn(_ value: UInt64) { _ = bpf_override_return(pointer, value) }
}

/// The context of a program at a kernel function's end.
///
/// Sections: `kretprobe/NAME`, `kretprobe.multi/PATTERN`.
@frozen
public struct KretprobeContext: ReturnContext {
  public let pointer: UnsafeMutablePointer<pt_regs>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<pt_regs>) { self.pointer = pointer }
}

/// The context of a program at a function's entry in a process.
///
/// Sections: `uprobe/PATH:FUNCTION`, `uprobe.s/…` (may sleep), `uprobe.multi/…`.
@frozen
public struct UprobeContext: EntryContext {
  public let pointer: UnsafeMutablePointer<pt_regs>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<pt_regs>) { self.pointer = pointer }
}

/// The context of a program at a function's end in a process.
///
/// Sections: `uretprobe/PATH:FUNCTION`, `uretprobe.s/…` (may sleep), `uretprobe.multi/…`.
@frozen
public struct UretprobeContext: ReturnContext {
  public let pointer: UnsafeMutablePointer<pt_regs>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<pt_regs>) { self.pointer = pointer }
}
