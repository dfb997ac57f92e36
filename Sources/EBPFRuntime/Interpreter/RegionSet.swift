/// Pieces of memory by address: what helpers handed out. None overlap.
struct RegionSet {
  /// By rising start.
  private(set) var regions: [MemoryRegion] = []

  mutating func removeAll() { regions.removeAll(keepingCapacity: true) }

  /// The index of the first region that starts above an address.
  private func index(above address: UInt64) -> Int {
    var low = 0
    var high = regions.count
    while low < high {
      let middle = (low + high) / 2
      if regions[middle].start <= address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The region that so many bytes lie in.
  func region(of address: UInt64, _ size: UInt64) -> MemoryRegion? {
    let index = index(above: address)
    guard index > 0, regions[index - 1].contains(address, size) else { return nil }
    return regions[index - 1]
  }

  /// The region that starts there.
  func region(startingAt address: UInt64) -> MemoryRegion? {
    let index = index(above: address)
    return index > 0 && regions[index - 1].start == address ? regions[index - 1] : nil
  }

  /// Adds a region, in place of one with the same start.
  mutating func insert(_ region: MemoryRegion) {
    let index = index(above: region.start)
    if index > 0, regions[index - 1].start == region.start { regions[index - 1] = region } else { regions.insert(region, at: index) }
  }

  /// Takes out the region that starts there.
  mutating func remove(startingAt address: UInt64) {
    let index = index(above: address)
    if index > 0, regions[index - 1].start == address { regions.remove(at: index - 1) }
  }
}
