// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Objects of the kernel that programs are called with.

extension ArgumentContext {
  /// An argument that is a pointer to a structure of the kernel, from 0 on. The index must be a constant.
  @inline(__always)
  public func pointer<Object: KernelObject>(_ index: Int, to type: Object.Type = Object.self) -> Object? {
    unsafeBitCast(pointer[index], to: Object?.self)
  }
}

extension EntryContext {
  /// An argument that is a pointer to a structure of the kernel, from 0 on. The index must be a constant, 0 to 5.
  @inline(__always)
  public func pointer<Object: KernelObject>(_ index: Int, to type: Object.Type = Object.self) -> Object? {
    unsafeBitCast(self[index], to: Object?.self)
  }
}

extension ReturnContext {
  /// The result, as a pointer to a structure of the kernel.
  @inline(__always)
  public func result<Object: KernelObject>(as type: Object.Type = Object.self) -> Object? { unsafeBitCast(result, to: Object?.self) }
}

extension TaskIteratorContext {
  /// The task, as `task_struct` of the module `Kernel`; `nil` in the last call, when there are no more.
  @inline(__always)
  public func task<Object: KernelObject>(as type: Object.Type = Object.self) -> Object? {
    unsafeBitCast(pointer.pointee.task, to: Object?.self)
  }
}

extension TaskPointer {
  /// The task, as `task_struct` of the module `Kernel`.
  @inline(__always)
  public init(_ task: some KernelObject) { self.init(task.opaque) }
}

extension SocketPointer {
  /// The socket, as `sock` of the module `Kernel` or one that begins with it.
  @inline(__always)
  public init(_ socket: some KernelObject) { self.init(UnsafeMutableRawPointer(mutating: socket.kernelAddress)) }
}

extension InodePointer {
  /// The inode, as `inode` of the module `Kernel`.
  @inline(__always)
  public init(_ inode: some KernelObject) { self.init(UnsafeMutableRawPointer(mutating: inode.kernelAddress)) }
}

extension CgroupPointer {
  /// The control group, as `cgroup` of the module `Kernel`.
  @inline(__always)
  public init(_ cgroup: some KernelObject) { self.init(cgroup.opaque) }
}

extension IteratorOutput {
  /// What a reader gets, by the member `meta` of an iterator's context.
  @inline(__always)
  public init(meta: UnsafeRawPointer?) { self.init(unsafeBitCast(meta, to: UnsafeMutablePointer<bpf_iter_meta>.self)) }
}
