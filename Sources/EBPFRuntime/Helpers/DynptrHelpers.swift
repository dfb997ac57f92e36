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
  /// Memory behind a `struct bpf_dynptr`: of the program itself or of a ring buffer's record.
  static var dynptrHelpers: [Entry] {
    [
      Entry(.dynptrFromMem) { data, size, flags, result, _, _ in
        let dynptr = Dynptr(result)
        let size = UInt32(truncatingIfNeeded: size)
        dynptr.clear()
        if size > Dynptr.largestSize { return UInt64(bitPattern: negated(E2BIG)) }
        if flags != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        dynptr.set(data, size, .local)
        return 0
      },
      Entry(.dynptrRead) { target, length, dynptr, offset, flags, _ in
        let dynptr = Dynptr(dynptr)
        if dynptr.data == 0 || flags != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        guard let source = dynptr.slice(offset, length) else { return UInt64(bitPattern: negated(E2BIG)) }
        memmove(pointer(target), source, Int(UInt32(truncatingIfNeeded: length)))
        return 0
      },
      Entry(.dynptrWrite) { dynptr, offset, source, length, flags, _ in
        let dynptr = Dynptr(dynptr)
        if dynptr.data == 0 || flags != 0 { return UInt64(bitPattern: negated(EINVAL)) }
        guard let target = dynptr.slice(offset, length) else { return UInt64(bitPattern: negated(E2BIG)) }
        memmove(target, pointer(source), Int(UInt32(truncatingIfNeeded: length)))
        return 0
      },
      Entry(.dynptrData) { dynptr, offset, length, _, _, _ in
        let dynptr = Dynptr(dynptr)
        if dynptr.data == 0 { return 0 }
        return UInt64(UInt(bitPattern: dynptr.slice(offset, length)))
      },
    ]
  }
}

/// A `struct bpf_dynptr_kern` on a program's stack: the address, a word with size and kind, and an offset.
struct Dynptr {
  enum Kind: UInt32 {
    case local = 1
    case ringBuffer = 2
  }

  /// `DYNPTR_MAX_SIZE`
  static let largestSize: UInt32 = 1 << 24 - 1
  private static let kindShift: UInt32 = 28

  private let place: UnsafeMutableRawPointer

  init(_ address: UInt64) { place = pointer(address) }

  /// The memory's address; 0 in a dynptr that leads nowhere.
  var data: UInt64 { place.loadUnaligned(as: UInt64.self) }
  private var size: UInt32 { place.loadUnaligned(fromByteOffset: 8, as: UInt32.self) & Self.largestSize }
  private var offset: UInt32 { place.loadUnaligned(fromByteOffset: 12, as: UInt32.self) }

  func clear() {
    place.storeBytes(of: 0, as: UInt64.self)
    place.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
  }

  func set(_ data: UInt64, _ size: UInt32, _ kind: Kind) {
    place.storeBytes(of: data, as: UInt64.self)
    place.storeBytes(of: size | kind.rawValue << Self.kindShift, toByteOffset: 8, as: UInt32.self)
    place.storeBytes(of: 0, toByteOffset: 12, as: UInt32.self)
  }

  /// The address of so many bytes from an offset on, where they are inside.
  func slice(_ offset: UInt64, _ length: UInt64) -> UnsafeMutableRawPointer? {
    let offset = UInt32(truncatingIfNeeded: offset)
    let length = UInt32(truncatingIfNeeded: length)
    guard length <= size, offset <= size - length else { return nil }
    return pointer(data &+ UInt64(self.offset) &+ UInt64(offset))
  }

  /// Hands a reserved record over or gives it up.
  func commit(_ flags: UInt64, isDiscarded: Bool) {
    if data == 0 { return }
    Ring(ofRecord: data).commit(data, flags, isDiscarded: isDiscarded)
    clear()
  }
}
