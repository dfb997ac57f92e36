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
  /// Records of ring buffers.
  static var ringBufferHelpers: [Entry] {
    [
      Entry(.ringbufOutput) { map, data, size, flags, _, _ in
        if flags & ~(Ring.noWakeup | Ring.forceWakeup) != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        let map = mapHeader(map)
        guard isRingBuffer(map) else { return UInt64(bitPattern: negated(EINVAL)) }
        let ring = Ring(map)
        let record = ring.reserve(size)
        if record == 0 { return .error(.eagain) }
        if size > 0 { cebpf_copy_in(pointer(record), pointer(data), Int(size)) }
        ring.commit(record, flags, isDiscarded: false)
        return 0
      },
      Entry(.ringbufReserve) { map, size, flags, _, _, _ in
        let map = mapHeader(map)
        return flags != 0 || !isRingBuffer(map) ? 0 : Ring(map).reserve(size)
      },
      Entry(.ringbufSubmit) { record, flags, _, _, _, _ in
        Ring(ofRecord: record).commit(record, flags, isDiscarded: false)
        return 0
      },
      Entry(.ringbufDiscard) { record, flags, _, _, _, _ in
        Ring(ofRecord: record).commit(record, flags, isDiscarded: true)
        return 0
      },
      Entry(.ringbufQuery) { map, flags, _, _, _, _ in
        let map = mapHeader(map)
        guard isRingBuffer(map) else { return 0 }
        let ring = Ring(map)
        switch flags {
        case 0: return ring.producerPosition &- ring.consumerPosition
        case 1: return ring.size
        case 2: return ring.consumerPosition
        case 3: return ring.producerPosition
        default: return 0
        }
      },
      Entry(.ringbufReserveDynptr) { map, size, flags, result, _, _ in
        let dynptr = Dynptr(result)
        let size = UInt32(truncatingIfNeeded: size)
        dynptr.clear()
        if flags != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        if size > Dynptr.largestSize { return UInt64(bitPattern: negated(E2BIG)) }
        let map = mapHeader(map)
        let record = isRingBuffer(map) ? Ring(map).reserve(UInt64(size)) : 0
        if record == 0 { return UInt64(bitPattern: negated(EINVAL)) }
        dynptr.set(record, size, .ringBuffer)
        return 0
      },
      Entry(.ringbufSubmitDynptr) { dynptr, flags, _, _, _, _ in
        Dynptr(dynptr).commit(flags, isDiscarded: false)
        return 0
      },
      Entry(.ringbufDiscardDynptr) { dynptr, flags, _, _, _, _ in
        Dynptr(dynptr).commit(flags, isDiscarded: true)
        return 0
      },
    ]
  }
}

/// What an unproved program passes may be another map.
@inline(__always)
private func isRingBuffer(_ map: UnsafeMutablePointer<ebpf_map>) -> Bool { map.pointee.type == MapType.ringbuf.rawValue }
