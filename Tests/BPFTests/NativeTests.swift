import BPF
import Testing

// A program as users write it, in a native build.

let license = License.dualMITGPL
let packetCounts = HashMap<IPv4Address, UInt64>(maxEntries: 1024, flags: .noPreallocation)
let targetPort = Setting<UInt16>(9)
let innerMaps = ArrayOfMaps<HashMap<UInt32, UInt64>>(count: 3, innerMaxEntries: 7, innerFlags: .noPreallocation)
let bloom = BloomFilter<UInt32>(maxEntries: 100, hashFunctions: 4)
let pinned = ArrayMap<UInt64>(count: 2, pinning: .byName, numaNode: 1)
let arena = Arena(pageCount: 2)
nonisolated(unsafe) var dropped: UInt64 = 0

struct PaddedKey: BitwiseCopyable {
  var a: UInt8
  var b: UInt32
}
let padded = HashMap<PaddedKey, UInt64>(maxEntries: 4)

@section("xdp") @used
func filter(_ ctx: XDPContext) -> XDPAction {
  guard let ip = ctx.packet.ipv4 else { return .pass }
  packetCounts.count(ip.source)
  guard let udp = ip.udp, udp.destinationPort.value == targetPort.value else { return .pass }
  dropped.atomicAdd(1)
  return .drop
}

/// What a host does, in as few lines as show the contract: one flat store for all maps.
private final class SmallHost {
  var elements: [UInt: [[UInt8]: UnsafeMutableRawPointer]] = [:]
  var definitions: [UInt: cbpf_map_definition] = [:]
  var packet: UnsafeMutableRawBufferPointer
  let helpers: UnsafeMutablePointer<cbpf_function?>

  static func of(_ environment: UnsafeMutableRawPointer?) -> SmallHost {
    Unmanaged<SmallHost>.fromOpaque(environment!).takeUnretainedValue()
  }

  init(packet bytes: [UInt8]) {
    packet = .allocate(byteCount: bytes.count, alignment: 8)
    packet.copyBytes(from: bytes)
    helpers = .allocate(capacity: 212)
    helpers.initialize(repeating: nil, count: 212)
    helpers[1] = { map, key, _, _, _, environment in
      let host = SmallHost.of(environment)
      return UInt64(UInt(bitPattern: host.elements[UInt(map), default: [:]][host.key(map, key)]))
    }
    helpers[2] = { map, key, value, _, _, environment in
      let host = SmallHost.of(environment)
      let size = Int(host.definitions[UInt(map)]!.value_size)
      let copy = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
      copy.copyMemory(from: UnsafeRawPointer(bitPattern: UInt(value))!, byteCount: size)
      host.elements[UInt(map), default: [:]][host.key(map, key)] = copy
      return 0
    }
  }

  func key(_ map: UInt64, _ key: UInt64) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: UInt(key)), count: Int(definitions[UInt(map)]!.key_size)))
  }

  func run<Result>(_ body: () -> Result) -> Result {
    var host = cbpf_host(
      helpers: helpers, helper_count: 212, reserved: 0, environment: Unmanaged.passUnretained(self).toOpaque(),
      map: { pointer, environment in
        SmallHost.of(environment).definitions[UInt(bitPattern: pointer)] = pointer.load(as: cbpf_map_definition.self)
        return pointer
      },
      address: { _, offset, environment in
        let packet = SmallHost.of(environment).packet
        return offset == 4 ? packet.baseAddress! + packet.count : packet.baseAddress!
      },
      for_each: { map, body, argument, environment in
        var count = 0
        for (key, value) in SmallHost.of(environment).elements[UInt(bitPattern: map), default: [:]] {
          count += 1
          if key.withUnsafeBytes({ body($0.baseAddress!, value, argument) }) != 0 { break }
        }
        return count
      }, timer_set_callback: nil, drain: nil, missing: nil, setting: nil)
    return withUnsafePointer(to: &host) {
      let before = cbpf_enter($0)
      defer { cbpf_leave(before) }
      return body()
    }
  }

  deinit {
    packet.deallocate()
    helpers.deallocate()
    for values in elements.values { for value in values.values { value.deallocate() } }
  }
}

@Suite(.serialized) struct NativeTests {
  /// UDP from 10.0.0.1:1234 to 10.0.0.2:9.
  static let udp: [UInt8] =
    [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0] + [0x45, 0, 0, 30, 0, 1, 0x40, 0, 64, 17, 0x26, 0xCD, 10, 0, 0, 1, 10, 0, 0, 2]
    + [4, 0xD2, 0, 9, 0, 10, 0, 0, 1, 2]

  @Test func aProgramIsAFunction() {
    let host = SmallHost(packet: Self.udp)
    var context = xdp_md()
    dropped = 0
    withUnsafeMutablePointer(to: &context) { context in
      host.run {
        #expect(filter(XDPContext(context)) == .drop)
        #expect(filter(XDPContext(context)) == .drop)
        #expect(packetCounts[IPv4Address(10, 0, 0, 1)]?.value == 2)
        #expect(packetCounts[IPv4Address(10, 0, 0, 2)] == nil)
      }
      #expect(dropped == 2)
      let short = SmallHost(packet: Array(Self.udp.prefix(33)))
      short.run { #expect(filter(XDPContext(context)) == .pass) }
      var other = Self.udp
      other[37] = 10
      SmallHost(packet: other).run { #expect(filter(XDPContext(context)) == .pass) }
    }
  }

  @Test func definitions() {
    let map = packetCounts.map.load(as: cbpf_map_definition.self)
    #expect(map.type == 1 && map.key_size == 4 && map.value_size == 8 && map.max_entries == 1024 && map.flags == 1 && map.pinning == 0)
    let array = pinned.map.load(as: cbpf_map_definition.self)
    #expect(array.type == 2 && array.max_entries == 2 && array.pinning == 1 && array.flags == 4 && array.numa_node == 1)
    #expect(MemoryLayout<cbpf_map_definition>.size == 56)
    #expect(targetPort.value == 9)
  }

  @Test func keyPaddingIsZero() {
    let host = SmallHost(packet: [])
    host.run {
      padded.update(PaddedKey(a: 1, b: 2), 11)
      #expect(padded[PaddedKey(a: 1, b: 2)]?.value == 11)
      let keys = host.elements[UInt(bitPattern: padded.map)]!.keys
      #expect(Array(keys) == [[1, 0, 0, 0, 2, 0, 0, 0]])
      var seen: [UInt64] = []
      let count = padded.forEach { key, value in
        seen.append(UInt64(key.value.b) + value.value)
        return .next
      }
      #expect(count == 1 && seen == [13])
    }
  }

  @Test func loops() {
    var seen: [UInt32] = []
    #expect(
      loop(10) {
        seen.append($0)
        return $0 == 3 ? .stop : .next
      } == 4)
    #expect(seen == [0, 1, 2, 3])
    #expect(Array(bounded(3..<6)) == [3, 4, 5])
    var sum: Int32 = 0
    iterate(0..<10) { number in
      sum += number
      return number == 4 ? .stop : .next
    }
    #expect(sum == 10 && withReadLock { sum } == 10)
  }

  @Test func arenasAreMemory() {
    guard let words = arena.allocate(UInt64.self) else {
      Issue.record("no pages")
      return
    }
    #expect(words[0] == 0 && words[511] == 0)
    words[7] = 9
    let address = arena.userAddress(of: words)
    let seen = arena.pointer(at: address, as: UInt64.self)[7]
    #expect(seen == 9)
    arena.free(words)
  }

  @Test func atomics() {
    var word: UInt32 = 5
    #expect(word.atomicFetchAdd(3) == 5 && word == 8)
    #expect(word.atomicExchange(1) == 8 && word == 1)
    #expect(word.atomicCompareExchange(expected: 2, desired: 9) == 1 && word == 1)
    #expect(word.atomicCompareExchange(expected: 1, desired: 9) == 1 && word == 9)
    word.atomicOr(6)
    word.atomicAnd(7)
    word.atomicXor(1)
    #expect(word == 6)
    var long: Int64 = -1
    #expect(long.atomicFetchAdd(-1) == -1 && long == -2)
  }
}
