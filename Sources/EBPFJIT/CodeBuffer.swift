/// A run of raw bytes that machine code is written to, in memory that is given to it and, where that is too small, in its own.
///
/// Writers ask for room once an instruction and then store without a check.
struct CodeBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var cursor: UnsafeMutableRawPointer
  /// Past it, ``reserve()`` grows the buffer.
  private var limit: UnsafeMutableRawPointer
  /// Whether the bytes have outgrown the memory that they were given.
  private(set) var isMoved = false

  /// More bytes than the code of any one step takes between two calls of ``reserve()``.
  static let stepSize = 512

  /// - Parameters:
  ///   - memory: where bytes are written as long as there is room: for ``stepSize`` bytes at least.
  ///   - size: its bytes.
  init(_ memory: UnsafeMutableRawPointer, size: Int) {
    base = memory
    cursor = base
    limit = base + (size - Self.stepSize)
  }

  deinit { if isMoved { base.deallocate() } }

  /// Bytes written.
  var count: Int { cursor - base }

  /// The first byte, until the buffer next grows.
  var bytes: UnsafeMutableRawPointer { base }

  /// Makes room for ``stepSize`` more bytes.
  @inline(__always)
  mutating func reserve() {
    if cursor > limit { grow() }
  }

  @inline(never)
  private mutating func grow() {
    let used = count
    let size = 2 * used + 2 * Self.stepSize
    let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    larger.copyMemory(from: base, byteCount: used)
    if isMoved { base.deallocate() }
    isMoved = true
    base = larger
    cursor = larger + used
    limit = larger + (size - Self.stepSize)
  }

  /// Appends the lowest `count` bytes (0 to 8) of `bits`, little-endian.
  @inline(__always)
  mutating func append(_ bits: UInt64, count: Int) {
    cursor.storeBytes(of: bits.littleEndian, as: UInt64.self)
    cursor += count
  }

  /// Appends the lowest bytes of two numbers, one behind the other: what is appended at once costs one change of the buffer's end.
  @inline(__always)
  mutating func append(_ first: UInt64, count firstCount: Int, _ second: UInt64, count secondCount: Int) {
    let start = cursor
    start.storeBytes(of: first.littleEndian, as: UInt64.self)
    let middle = start + firstCount
    middle.storeBytes(of: second.littleEndian, as: UInt64.self)
    cursor = middle + secondCount
  }

  /// Leaves room for bytes that are written later.
  @inline(__always)
  mutating func skip(_ count: Int) { cursor += count }
}
