// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// Memory that the program and user space share, page by page (`BPF_MAP_TYPE_ARENA`, Linux 6.9).
///
/// Natively its pages are memory of the process, at addresses of their own.
public struct Arena: ~Copyable, Sendable {
  let anchor: MapAnchor

  /// An arena of up to `pageCount` pages.
  /// - Parameter address: where user space maps it; a multiple of the page size, whose range crosses no multiple of 4 GiB.
  @inline(__always)
  public init(pageCount: Int, address: UInt64 = 0x2000_0000) {
    anchor = MapAnchor(MapDefinition(MapType(33), key: 0, value: 0, maxEntries: pageCount, MapOptions(flags: .mappable), extra: address))
  }

  /// Takes pages, all bytes zero; `nil` where there are none (`bpf_arena_alloc_pages`).
  @inline(__always)
  public func allocate<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, pageCount: UInt32 = 1) -> UnsafeMutablePointer<Value>? {
    #if hasFeature(Embedded)
    guard let pages = cbpf_arena_alloc_pages(anchor.pointer, nil, pageCount, -1, 0) else { return nil }
    return cbpf_arena_cast(pages)?.assumingMemoryBound(to: Value.self)
    #else
    let byteCount = Int(pageCount) * 4096
    let pages = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
    cbpf_zero(pages, UInt(byteCount))
    return pages.assumingMemoryBound(to: Value.self)
    #endif
  }

  /// Gives pages back (`bpf_arena_free_pages`).
  @inline(__always)
  public func free<Value: BitwiseCopyable>(_ pointer: UnsafeMutablePointer<Value>, pageCount: UInt32 = 1) {
    #if hasFeature(Embedded)
    cbpf_arena_free_pages(anchor.pointer, pointer, pageCount)
    #else
    UnsafeMutableRawPointer(pointer).deallocate()
    #endif
  }

  /// The address of a pointer as user space sees it: what to store in a map or the arena.
  @inline(__always)
  public func userAddress<Value: BitwiseCopyable>(of pointer: UnsafeMutablePointer<Value>) -> UInt64 {
    #if hasFeature(Embedded)
    UInt64(UInt(bitPattern: cbpf_arena_cast_user(pointer)))
    #else
    UInt64(UInt(bitPattern: pointer))
    #endif
  }

  /// The pointer for an address as user space sees it. Any address may be given: outside of the arena, reads give 0 and writes are lost.
  @inline(__always)
  public func pointer<Value: BitwiseCopyable>(at address: UInt64, as type: Value.Type = Value.self) -> UnsafeMutablePointer<Value> {
    #if hasFeature(Embedded)
    cbpf_arena_cast(UnsafeMutableRawPointer(bitPattern: UInt(address))).unsafelyUnwrapped.assumingMemoryBound(to: Value.self)
    #else
    UnsafeMutablePointer<Value>(bitPattern: UInt(address)).unsafelyUnwrapped
    #endif
  }
}
