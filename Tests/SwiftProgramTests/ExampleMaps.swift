import EBPFHost
import EBPFObject
import EBPFTables
import EBPFTesting
import EBPFTypes

extension Example {
  /// What each example is set up with, so that every branch of it runs on some capture.
  /// - Parameter isTimed: its time stands still until it is moved.
  func fill(_ map: (String) throws -> TestMap, isTimed: Bool) throws {
    switch self {
    case .loadBalancer:
      let services = try map("services"), rings = try map("rings"), backends = try map("backends")
      try services.set(Service(address: IPv4Address(192, 0, 2, 2), port: 80, protocol: .tcp), UInt32(1))
      try services.set(Service(address: IPv4Address(192, 0, 2, 2), port: .dns, protocol: .udp), UInt32(2))
      for slot in UInt32(0)..<4096 {
        try rings.set(4096 + slot, 1 + slot % 3)
        try rings.set(8192 + slot, slot % 2)
      }
      for number in UInt32(1)...3 {
        let mac = MACAddress(2, 0, 0, 0, 1, UInt8(number))
        try backends.set(number, Backend(address: IPv4Address(10, 0, 0, UInt8(number)), mac: mac, packets: 0))
      }
    case .vlanRewriter:
      let rules = try map("rules")
      try rules.set(UInt16(42), UInt16(43))
      try rules.set(UInt16(7), UInt16(0))
      try rules.set(UInt16(0), UInt16(99))
    case .egressMarks:
      let classes = try map("classes"), budgets = try map("budgets")
      try classes.set(Port(80), UInt32(3))
      try classes.set(Port.dns, UInt32(4))
      try classes.set(Port(5201), UInt32(21))
      // In virtual time some packets are delayed and some dropped; in the kernel's none is.
      let rate: UInt64 = isTimed ? 10_000 : 1 << 30
      for kind in [UInt32(3), 5] { try budgets.set(kind, Budget(rate: rate, next: 0, packets: 0, delayed: 0)) }
    default: break
    }
  }
}

/// An element of an example's map, to be compared.
struct ExampleElement: Equatable {
  var key: [UInt8]
  var value: [UInt8]

  /// What is in a map, in an order of its own: an array's elements that are not zero, a ring's records. Of a per-CPU map the sums.
  static func all(of map: Map) throws -> [ExampleElement] {
    var elements: [ExampleElement] = []
    switch map.spec.type {
    case .ringbuf:
      _ = try map.drain { elements.append(ExampleElement(key: [], value: Array($0))) }
      return elements
    case .array, .percpuArray:
      var indices: [Int] = []
      try map.visitNonzero { indices.append($0) }
      for index in indices {
        let key = withUnsafeBytes(of: UInt32(index)) { Array($0) }
        if let value = try map.lookup(key) { elements.append(ExampleElement(key: key, value: value)) }
      }
    default:
      elements = try map.entries().map { ExampleElement(key: $0.key, value: $0.value) }
      elements.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }
    if map.processorCount > 1 {
      for index in elements.indices { elements[index].value = sum(elements[index].value, over: map.processorCount) }
    }
    return elements
  }

  /// The values of each processor added, eight bytes by eight bytes.
  private static func sum(_ bytes: [UInt8], over processors: Int) -> [UInt8] {
    let words = bytes.withUnsafeBytes { raw in (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) } }
    let count = words.count / processors
    let sums = (0..<count).map { word in (0..<processors).reduce(UInt64(0)) { $0 &+ words[$1 * count + word] } }
    return sums.withUnsafeBytes { Array($0) }
  }
}
