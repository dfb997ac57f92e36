internal import EBPFObject
internal import EBPFTables

// Entries of maps for who has no types of his own; `ObjectSpec.value(of:as:)` reads them by the object's.

extension Map {
  /// A value's bytes, one element for each processor of a per-CPU map, without what pads them to eight bytes.
  public func processorValues(_ bytes: [UInt8]) -> [[UInt8]] {
    guard spec.type.isPerCPU, processorCount > 0, bytes.count % processorCount == 0 else { return [bytes] }
    let stride = bytes.count / processorCount
    return (0..<processorCount).map { Array(bytes[$0 * stride..<$0 * stride + min(stride, spec.valueSize)]) }
  }

  /// All keys in the order of their bytes: hashes have no order of their own, and give another one each time. Keys are copied out one by one
  /// as the sequence is gone through: a map may have millions.
  package func sortedKeys() throws(HostError) -> some Sequence<[UInt8]> {
    let size = spec.keySize
    var bytes: [UInt8] = []
    var count = 0
    try walk { key in
      bytes += key
      count += 1
    }
    let all = bytes
    var starts = (0..<count).map { $0 * size }
    all.withUnsafeBufferPointer { all in
      func key(_ start: Int) -> Slice<UnsafeBufferPointer<UInt8>> { all[start..<start + size] }
      starts.sort { key($0).lexicographicallyPrecedes(key($1)) }
      var kept = 0
      for (index, start) in starts.enumerated() where index == 0 || !key(start).elementsEqual(key(starts[kept - 1])) {
        starts[kept] = start
        kept += 1
      }
      starts.removeSubrange(kept...)
    }
    return starts.lazy.map { Array(all[$0..<$0 + size]) }
  }
}
