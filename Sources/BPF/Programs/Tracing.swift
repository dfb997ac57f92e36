// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Programs that see what the kernel or a process does. Their result is Void, or an Int32 where it means something.

/// A context of a tracing program.
public protocol TracingContext: ProgramContext {}

extension TracingContext {
  /// The number that was given when the program was attached (`bpf_get_attach_cookie`).
  @inline(__always)
  public var attachCookie: UInt64 { bpf_get_attach_cookie(rawPointer) }

  /// Copies return addresses of the stack; the number of bytes, or a negative errno (`bpf_get_stack`).
  @inline(__always)
  public func copyStack<let count: Int>(into buffer: inout InlineArray<count, UInt64>, user: Bool = false, skip: UInt8 = 0) -> Int {
    withUnsafeMutableBytes(of: &buffer) {
      bpf_get_stack(rawPointer, $0.baseAddress, UInt32(truncatingIfNeeded: count &* 8), UInt64(skip) | (user ? 256 : 0))
    }
  }
}

/// The context of a program of a tracepoint: the record that the tracepoint writes, as its `format` file describes it.
///
/// Sections: `tracepoint/CATEGORY/NAME` or `tp/CATEGORY/NAME`. System calls have contexts of their own: ``SyscallEnterContext``,
/// ``SyscallExitContext``.
/// ```swift
/// struct SchedSwitch: BitwiseCopyable {
///   var common: UInt64
///   var previousName: InlineArray<16, UInt8>
///   var previousPid: Int32, previousPriority: Int32
///   var previousState: Int64
///   var nextName: InlineArray<16, UInt8>
///   var nextPid: Int32, nextPriority: Int32
/// }
/// @section("tracepoint/sched/sched_switch") @used
/// func switched(_ ctx: TracepointContext<SchedSwitch>) { switches.count(ctx.record.nextPid) }
/// ```
@frozen
public struct TracepointContext<Record: BitwiseCopyable>: TracingContext {
  public let pointer: UnsafeMutablePointer<Record>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<Record>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The record; fields are read one by one.
  @inline(__always)
  public var record: Record {
    _read { yield pointer.pointee }
  }
}

/// What a system call's entry tracepoint writes.
@frozen
public struct SyscallEnterRecord: BitwiseCopyable {
  /// What all records begin with.
  public var common: UInt64
  /// The system call.
  public var number: Int64
  /// Its arguments.
  public var arguments: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
}

/// What a system call's exit tracepoint writes.
@frozen
public struct SyscallExitRecord: BitwiseCopyable {
  /// What all records begin with.
  public var common: UInt64
  /// The system call.
  public var number: Int64
  /// What it returns: a negative errno, or its result.
  public var result: Int64
}

/// The context of a program at a system call's entry.
///
/// Section: `tracepoint/syscalls/sys_enter_NAME`.
public typealias SyscallEnterContext = TracepointContext<SyscallEnterRecord>
/// The context of a program at a system call's exit.
///
/// Section: `tracepoint/syscalls/sys_exit_NAME`.
public typealias SyscallExitContext = TracepointContext<SyscallExitRecord>

extension TracepointContext where Record == SyscallEnterRecord {
  /// The system call's number.
  @inline(__always)
  public var number: Int64 { pointer.pointee.number }

  /// An argument, from 0 on. The index must be a constant, 0 to 5.
  @inline(__always)
  public subscript(_ index: Int) -> UInt64 {
    switch index {
    case 0: pointer.pointee.arguments.0
    case 1: pointer.pointee.arguments.1
    case 2: pointer.pointee.arguments.2
    case 3: pointer.pointee.arguments.3
    case 4: pointer.pointee.arguments.4
    default: pointer.pointee.arguments.5
    }
  }
}

extension TracepointContext where Record == SyscallExitRecord {
  /// The system call's number.
  @inline(__always)
  public var number: Int64 { pointer.pointee.number }
  /// What it returns: a negative errno, or its result.
  @inline(__always)
  public var result: Int64 { pointer.pointee.result }
}

/// A context that is an array of arguments, as 64-bit words.
public protocol ArgumentContext: TracingContext {
  var pointer: UnsafeMutablePointer<UInt64> { get }
}

extension ArgumentContext {
  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// An argument, from 0 on. The index must be a constant.
  @inline(__always)
  public subscript(_ index: Int) -> UInt64 { pointer[index] }

  /// An argument that is a pointer, from 0 on: the verifier knows its type. The index must be a constant.
  @inline(__always)
  public func pointer<Pointee>(_ index: Int, to type: Pointee.Type = Pointee.self) -> UnsafeMutablePointer<Pointee>? {
    UnsafeMutablePointer(bitPattern: UInt(pointer[index]))
  }

  /// An argument that is a pointer to something of which only the kernel knows the inside.
  @inline(__always)
  public func opaque(_ index: Int) -> OpaquePointer? { OpaquePointer(bitPattern: UInt(pointer[index])) }
}

/// A context at a kernel function.
public protocol FunctionContext: ArgumentContext {}

extension FunctionContext {
  /// The address of the function (`bpf_get_func_ip`).
  @inline(__always)
  public var functionAddress: UInt64 { bpf_get_func_ip(rawPointer) }

  /// How many arguments the function has (`bpf_get_func_arg_cnt`).
  @inline(__always)
  public var argumentCount: Int { bpf_get_func_arg_cnt(rawPointer) }

  /// An argument by an index that need not be constant (`bpf_get_func_arg`).
  @inline(__always)
  public func argument(_ index: UInt32) -> UInt64? {
    var value: UInt64 = 0
    return bpf_get_func_arg(rawPointer, index, &value) == 0 ? value : nil
  }
}

/// A context at a kernel function whose result is known.
public protocol FunctionResultContext: FunctionContext {}

extension FunctionResultContext {
  /// What the function returns; where programs may stand in for it (`fmod_ret`), what the one before returned (`bpf_get_func_ret`).
  @inline(__always)
  public var result: Int64 {
    var value: UInt64 = 0
    _ = bpf_get_func_ret(rawPointer, &value)
    return Int64(bitPattern: value)
  }
}

/// The context of a raw tracepoint: the arguments that the kernel hands to the tracepoint, untyped.
///
/// Sections: `raw_tracepoint/NAME` or `raw_tp/NAME`.
@frozen
public struct RawTracepointContext: ArgumentContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a typed raw tracepoint: the verifier knows the arguments' types.
///
/// Section: `tp_btf/NAME`.
@frozen
public struct BTFTracepointContext: ArgumentContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program at a kernel function's entry: its arguments.
///
/// Sections: `fentry/NAME`, `fentry.s/NAME` (may sleep).
@frozen
public struct FunctionEntryContext: FunctionContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program at a kernel function's end: its arguments and result.
///
/// Sections: `fexit/NAME`, `fexit.s/NAME` (may sleep).
@frozen
public struct FunctionExitContext: FunctionResultContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program that may stand in for a kernel function: a result other than 0 is the function's, which is then not called.
///
/// Section: `fmod_ret/NAME`: functions for error injection, and security hooks. The result is an `Int32`.
@frozen
public struct ReturnModifierContext: FunctionResultContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program of a security hook: the hook's arguments.
///
/// Sections: `lsm/NAME`, `lsm.s/NAME` (may sleep). The result is 0, or a negative errno that refuses.
/// ```swift
/// @section("lsm/bpf") @used
/// func noLoads(_ ctx: SecurityContext) -> Int32 { ctx[0] == 5 ? -1 : 0 }
/// ```
@frozen
public struct SecurityContext: ArgumentContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a program of a security hook that is attached to a control group.
///
/// Section: `lsm_cgroup/NAME`. The result is a ``CgroupVerdict``.
@frozen
public struct CgroupSecurityContext: ArgumentContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}

/// The context of a function of a table of functions that the kernel calls (`BPF_PROG_TYPE_STRUCT_OPS`): its arguments.
///
/// Sections: `struct_ops/NAME`, `struct_ops.s/NAME` (may sleep). The result is what the kernel expects of the function.
@frozen
public struct StructOperationContext: ArgumentContext {
  public let pointer: UnsafeMutablePointer<UInt64>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<UInt64>) { self.pointer = pointer }
}
