import EBPFISA

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The memory that an interpreted run keeps its registers and frames in, taken from a pool for the length of a run.
///
/// Big enough for what the kernel's limits allow (each of 33 tail calls may have left 8 frames behind); pages that no program reaches are never
/// backed by memory.
struct ExecutionStack: ~Copyable {
  /// Frames of 512 bytes and their records: (33 tail calls + 1) × 8 calls deep.
  static let frames = (Limits.tailCalls + 1) * Limits.callFrames
  /// Room for the sixteen registers, above the frames.
  private static let registerBytes = 128
  private static let byteCount = (frames * Frame.stride + registerBytes + 65535) & ~65535

  private let base: UnsafeMutableRawPointer

  /// The registers.
  var registers: UnsafeMutablePointer<UInt64> {
    (base + Self.byteCount - Self.registerBytes).assumingMemoryBound(to: UInt64.self)
  }

  /// What r10 is in a program's outermost frame.
  var framePointer: UInt64 {
    UInt64(UInt(bitPattern: base)) + UInt64(Self.byteCount - Self.registerBytes - (Frame.stride - Limits.stackSize))
  }

  /// The lowest r10 that leaves a whole frame below it.
  var limit: UInt64 { UInt64(UInt(bitPattern: base)) + UInt64(Frame.stride) }

  /// A region from the pool or, where that is empty, a new one.
  init() {
    if let pooled = Self.pool.withLock({ $0.popLast() }) {
      base = UnsafeMutableRawPointer(bitPattern: pooled).unsafelyUnwrapped
      return
    }
    let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("no memory for an eBPF stack of \(Self.byteCount) bytes") }
    base = memory
  }

  deinit {
    let address = UInt(bitPattern: base)
    Self.pool.withLock { $0.append(address) }
  }

  /// Regions that no run holds; as many as there ever were runs at the same time.
  private static let pool = Locked<[UInt]>([])
}
