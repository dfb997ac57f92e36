// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Values that belong to an object of the kernel and go with it. Programs that want one take the object as the verifier knows it.

/// A task of the kernel, as the verifier knows it (`struct task_struct`).
@frozen
public struct TaskPointer {
  public let pointer: OpaquePointer

  /// A task that a program was given: an argument of a `tp_btf`, `fentry` or `lsm` program.
  @inline(__always)
  public init(_ pointer: OpaquePointer) { self.pointer = pointer }

  /// The task that is running (`bpf_get_current_task_btf`).
  @inline(__always)
  public static var current: TaskPointer { TaskPointer(bpf_get_current_task_btf().unsafelyUnwrapped) }
}

/// A socket of the kernel, as the verifier knows it (`struct sock` or `struct bpf_sock`).
@frozen
public struct SocketPointer {
  public let pointer: UnsafeMutableRawPointer

  @inline(__always)
  public init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
}

/// An inode of the kernel, as the verifier knows it (`struct inode`).
@frozen
public struct InodePointer {
  public let pointer: UnsafeMutableRawPointer

  @inline(__always)
  public init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
}

/// A control group of the kernel, as the verifier knows it (`struct cgroup`).
@frozen
public struct CgroupPointer {
  public let pointer: OpaquePointer

  @inline(__always)
  public init(_ pointer: OpaquePointer) { self.pointer = pointer }
}

/// A value of each task that has one (`BPF_MAP_TYPE_TASK_STORAGE`).
public struct TaskStorage<Value: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  @inline(__always)
  public init(flags: MapFlags = [.noPreallocation], pinning: Pinning = .none) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(29), key: 4, value: MemoryLayout<Value>.stride, maxEntries: 0, MapOptions(flags: flags, pinning: pinning)))
  }

  /// The value of a task, or `nil` (`bpf_task_storage_get`).
  @inline(__always)
  public subscript(_ owner: TaskPointer) -> MapValue<Value>? {
    guard let pointer = bpf_task_storage_get(anchor.pointer, owner.pointer, nil, 0) else { return nil }
    return MapValue(pointer)
  }

  /// The value of a task, made first where there is none; `nil` where there is no memory (`bpf_task_storage_get`).
  @inline(__always)
  public subscript(_ owner: TaskPointer, default value: @autoclosure () -> Value) -> MapValue<Value>? {
    guard let pointer = withZeroPadded(value(), { bpf_task_storage_get(anchor.pointer, owner.pointer, $0, 1) }) else { return nil }
    return MapValue(pointer)
  }

  /// Takes the value of a task away (`bpf_task_storage_delete`).
  @discardableResult @inline(__always)
  public func remove(_ owner: TaskPointer) -> Bool { bpf_task_storage_delete(anchor.pointer, owner.pointer) == 0 }
}

/// A value of each socket that has one (`BPF_MAP_TYPE_SK_STORAGE`).
public struct SocketStorage<Value: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  @inline(__always)
  public init(flags: MapFlags = [.noPreallocation], pinning: Pinning = .none) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(24), key: 4, value: MemoryLayout<Value>.stride, maxEntries: 0, MapOptions(flags: flags, pinning: pinning)))
  }

  /// The value of a socket, or `nil` (`bpf_sk_storage_get`).
  @inline(__always)
  public subscript(_ owner: SocketPointer) -> MapValue<Value>? {
    guard let pointer = bpf_sk_storage_get(anchor.pointer, owner.pointer, nil, 0) else { return nil }
    return MapValue(pointer)
  }

  /// The value of a socket, made first where there is none; `nil` where there is no memory (`bpf_sk_storage_get`).
  @inline(__always)
  public subscript(_ owner: SocketPointer, default value: @autoclosure () -> Value) -> MapValue<Value>? {
    guard let pointer = withZeroPadded(value(), { bpf_sk_storage_get(anchor.pointer, owner.pointer, $0, 1) }) else { return nil }
    return MapValue(pointer)
  }

  /// Takes the value of a socket away (`bpf_sk_storage_delete`).
  @discardableResult @inline(__always)
  public func remove(_ owner: SocketPointer) -> Bool { bpf_sk_storage_delete(anchor.pointer, owner.pointer) == 0 }
}

/// A value of each inode that has one (`BPF_MAP_TYPE_INODE_STORAGE`).
public struct InodeStorage<Value: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  @inline(__always)
  public init(flags: MapFlags = [.noPreallocation], pinning: Pinning = .none) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(28), key: 4, value: MemoryLayout<Value>.stride, maxEntries: 0, MapOptions(flags: flags, pinning: pinning)))
  }

  /// The value of an inode, or `nil` (`bpf_inode_storage_get`).
  @inline(__always)
  public subscript(_ owner: InodePointer) -> MapValue<Value>? {
    guard let pointer = bpf_inode_storage_get(anchor.pointer, owner.pointer, nil, 0) else { return nil }
    return MapValue(pointer)
  }

  /// The value of an inode, made first where there is none; `nil` where there is no memory (`bpf_inode_storage_get`).
  @inline(__always)
  public subscript(_ owner: InodePointer, default value: @autoclosure () -> Value) -> MapValue<Value>? {
    guard let pointer = withZeroPadded(value(), { bpf_inode_storage_get(anchor.pointer, owner.pointer, $0, 1) }) else { return nil }
    return MapValue(pointer)
  }

  /// Takes the value of an inode away (`bpf_inode_storage_delete`).
  @discardableResult @inline(__always)
  public func remove(_ owner: InodePointer) -> Bool { bpf_inode_storage_delete(anchor.pointer, owner.pointer) == 0 }
}

/// A value of each control group that has one (`BPF_MAP_TYPE_CGRP_STORAGE`).
public struct CgroupStorage<Value: BitwiseCopyable>: ~Copyable, Sendable {
  let anchor: MapAnchor

  @inline(__always)
  public init(flags: MapFlags = [.noPreallocation], pinning: Pinning = .none) {
    anchor = MapAnchor(
      MapDefinition(
        MapType(32), key: 4, value: MemoryLayout<Value>.stride, maxEntries: 0, MapOptions(flags: flags, pinning: pinning)))
  }

  /// The value of a control group, or `nil` (`bpf_cgrp_storage_get`).
  @inline(__always)
  public subscript(_ owner: CgroupPointer) -> MapValue<Value>? {
    guard let pointer = bpf_cgrp_storage_get(anchor.pointer, owner.pointer, nil, 0) else { return nil }
    return MapValue(pointer)
  }

  /// The value of a control group, made first where there is none; `nil` where there is no memory (`bpf_cgrp_storage_get`).
  @inline(__always)
  public subscript(_ owner: CgroupPointer, default value: @autoclosure () -> Value) -> MapValue<Value>? {
    guard let pointer = withZeroPadded(value(), { bpf_cgrp_storage_get(anchor.pointer, owner.pointer, $0, 1) }) else { return nil }
    return MapValue(pointer)
  }

  /// Takes the value of a control group away (`bpf_cgrp_storage_delete`).
  @discardableResult @inline(__always)
  public func remove(_ owner: CgroupPointer) -> Bool { bpf_cgrp_storage_delete(anchor.pointer, owner.pointer) == 0 }
}
