// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The context of a program that user space calls (`BPF_PROG_TYPE_SYSCALL`): the arguments, which it may write to.
///
/// Section: `syscall`. The result is an `Int32`, which the caller sees.
@frozen
public struct SyscallProgramContext<Arguments: BitwiseCopyable>: ProgramContext {
  public let pointer: UnsafeMutablePointer<Arguments>

  @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<Arguments>) { self.pointer = pointer }

  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// The arguments; the caller sees what is written.
  @inline(__always)
  public var arguments: Arguments {
    get { pointer.pointee }
    nonmutating _modify { yield &pointer.pointee }
  }
}
