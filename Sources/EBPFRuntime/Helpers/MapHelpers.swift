import CEBPF
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension HelperTable {
  /// Elements of maps. Each helper goes through the map's header; which map types have which is the verifier's business, and what a type
  /// lacks answers `EOPNOTSUPP` or null.
  static var mapHelpers: [Entry] {
    [
      Entry(.mapLookupElem) { map, key, _, _, _, environment in
        let map = mapHeader(map)
        return UInt64(UInt(bitPattern: map.pointee.lookup(map, pointer(key), environment)))
      },
      Entry(.mapUpdateElem) { map, key, value, flags, _, environment in
        let map = mapHeader(map)
        return UInt64(bitPattern: map.pointee.update(map, pointer(key), pointer(value), flags, environment))
      },
      Entry(.mapDeleteElem) { map, key, _, _, _, environment in
        let map = mapHeader(map)
        return UInt64(bitPattern: map.pointee.remove(map, pointer(key), environment))
      },
      Entry(.mapPushElem) { map, value, flags, _, _, _ in
        let map = mapHeader(map)
        return UInt64(bitPattern: map.pointee.push(map, pointer(value), flags))
      },
      Entry(.mapPopElem) { map, value, _, _, _, _ in
        let map = mapHeader(map)
        return UInt64(bitPattern: map.pointee.pop(map, pointer(value)))
      },
      Entry(.mapPeekElem) { map, value, _, _, _, _ in
        let map = mapHeader(map)
        return UInt64(bitPattern: map.pointee.peek(map, pointer(value)))
      },
      // A lock in a map's value. A run that is preempted while it holds one makes the others give their processor away until it goes on.
      Entry(.spinLock) { lock, _, _, _, _, _ in
        cebpf_lock(pointer(lock).assumingMemoryBound(to: UInt32.self))
        return 0
      },
      Entry(.spinUnlock) { lock, _, _, _, _, _ in
        cebpf_unlock(pointer(lock).assumingMemoryBound(to: UInt32.self))
        return 0
      },
      Entry(.forEachMapElem) { map, function, context, flags, _, environment in
        if flags != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        let map = mapHeader(map)
        return UInt64(bitPattern: map.pointee.for_each(map, function, context, environment))
      },
      Entry(.mapLookupPercpuElem) { map, key, processor, _, _, _ in
        let map = mapHeader(map)
        return UInt64(UInt(bitPattern: map.pointee.lookup_on(map, pointer(key), UInt32(truncatingIfNeeded: processor))))
      },
    ]
  }
}

/// The header that a program's map argument is.
@inline(__always)
func mapHeader(_ address: UInt64) -> UnsafeMutablePointer<ebpf_map> { pointer(address).assumingMemoryBound(to: ebpf_map.self) }
