// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
#if !hasFeature(Embedded)

/// A map that a program declares, as a native host and its tests name it: by the address of its global.
public protocol DeclaredMap: ~Copyable {
  /// The global's address, where the map's `cbpf_map_definition` is.
  var declaration: UnsafeRawPointer { get }
}

extension Arena: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension ArrayMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension ArrayOfMaps: DeclaredMap where Inner: ~Copyable { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension AttachedCgroupStorage: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension BloomFilter: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension CgroupArray: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension CgroupStorage: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension DeviceHashMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension DeviceMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension HashMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension HashOfMaps: DeclaredMap where Inner: ~Copyable { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension InodeStorage: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension LPMTrie: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension LRUHashMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension LRUPerCPUHashMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension PerCPUArrayMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension PerCPUHashMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension PerfEventArray: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension ProcessorMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension ProgramArray: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension QueueMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension ReuseportSocketArray: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension RingBuffer: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension SocketHashMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension SocketMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension SocketStorage: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension StackMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension StackTraceMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension TaskStorage: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension UserRingBuffer: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }
extension XSKMap: DeclaredMap { public var declaration: UnsafeRawPointer { anchor.pointer } }

extension Setting {
  /// The global's address, by which a native host names the setting.
  public var declaration: UnsafeRawPointer { UnsafeRawPointer(address) }
}

#endif
