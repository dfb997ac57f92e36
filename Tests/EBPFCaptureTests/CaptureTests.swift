import EBPFCapture
import Testing

/// A small seeded generator (Steele, Lea, Flood 2014), so that a failure can be repeated.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Builds captures by hand, so that each field is known.
struct FileBuilder {
  var big = false
  var bytes: [UInt8] = []

  mutating func u32(_ value: UInt32) {
    let shifts = big ? [24, 16, 8, 0] : [0, 8, 16, 24]
    for shift in shifts { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
  }
  mutating func u16(_ value: UInt16) {
    let shifts = big ? [8, 0] : [0, 8]
    for shift in shifts { bytes.append(UInt8(truncatingIfNeeded: value >> UInt16(shift))) }
  }
  mutating func pcapHeader(nanoseconds: Bool = false, linkType: UInt32 = 1, minor: UInt16 = 4) {
    u32(nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4)
    u16(2)
    u16(minor)
    u32(0)
    u32(0)
    u32(65535)
    u32(linkType)
  }
  mutating func record(_ seconds: UInt32, _ fraction: UInt32, _ data: [UInt8], original: UInt32? = nil) {
    u32(seconds)
    u32(fraction)
    u32(UInt32(data.count))
    u32(original ?? UInt32(data.count))
    bytes += data
  }
  mutating func block(_ type: UInt32, _ body: (inout FileBuilder) -> Void) {
    var inner = FileBuilder(big: big)
    body(&inner)
    while inner.bytes.count % 4 != 0 { inner.bytes.append(0) }
    u32(type)
    u32(UInt32(inner.bytes.count + 12))
    bytes += inner.bytes
    u32(UInt32(inner.bytes.count + 12))
  }
  mutating func section() {
    block(0x0A0D_0D0A) {
      $0.u32(0x1A2B_3C4D)
      $0.u16(1)
      $0.u16(0)
      $0.u32(.max)
      $0.u32(.max)
    }
  }
  mutating func interface(_ linkType: UInt16, snap: UInt32 = 0, resolution: UInt8? = nil) {
    block(1) {
      $0.u16(linkType)
      $0.u16(0)
      $0.u32(snap)
      if let resolution {
        $0.u16(9)
        $0.u16(1)
        $0.bytes += [resolution, 0, 0, 0]
        $0.u16(0)
        $0.u16(0)
      }
    }
  }
  mutating func enhanced(_ interface: UInt32, ticks: UInt64, _ data: [UInt8]) {
    block(6) {
      $0.u32(interface)
      $0.u32(UInt32(ticks >> 32))
      $0.u32(UInt32(truncatingIfNeeded: ticks))
      $0.u32(UInt32(data.count))
      $0.u32(UInt32(data.count + 100))
      $0.bytes += data
    }
  }
}

@Suite struct CaptureTests {
  @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
  func pcapInBothOrdersAndResolutions(_ big: Bool, _ nanoseconds: Bool) throws {
    var file = FileBuilder(big: big)
    file.pcapHeader(nanoseconds: nanoseconds, linkType: 113)
    file.record(1_700_000_000, 250_000, [1, 2, 3], original: 60)
    file.record(1_700_000_001, 999_999, [])
    let capture = try Capture(bytes: file.bytes)
    #expect(capture.packets.count == 2)
    #expect(capture.interfaces[0].linkType == .linuxCooked)
    #expect(Array(capture.data(of: capture.packets[0])) == [1, 2, 3])
    #expect(capture.packets[0].originalLength == 60)
    #expect(
      capture.timestamp(of: capture.packets[0])
        == CaptureTimestamp(seconds: 1_700_000_000, nanoseconds: nanoseconds ? 250_000 : 250_000_000))
    // Written again, it is the same file.
    var writer = CaptureWriter(like: capture)
    for packet in capture.packets { writer.append(packet) }
    #expect(writer.bytes == file.bytes)
  }

  @Test func lengthsOfOldVersionsStandTheOtherWayRound() throws {
    var file = FileBuilder()
    file.pcapHeader(minor: 2)
    file.u32(0)
    file.u32(0)
    file.u32(60)
    file.u32(2)
    file.bytes += [7, 8]
    let capture = try Capture(bytes: file.bytes)
    #expect(Array(capture.data(of: capture.packets[0])) == [7, 8])
    #expect(capture.packets[0].originalLength == 60)
  }

  @Test(arguments: [false, true])
  func pcapngWithSectionsInterfacesAndResolutions(_ big: Bool) throws {
    var file = FileBuilder(big: big)
    file.section()
    file.interface(1, resolution: 9)
    file.interface(101, resolution: 0x8a)
    file.enhanced(0, ticks: 1_700_000_000_123_456_789, [1, 2, 3, 4, 5])
    file.enhanced(1, ticks: 1536, [9])
    file.block(0x0BAD) { $0.u32(1) }
    // A second section, of the other order, starts its interfaces anew.
    var second = FileBuilder(big: !big)
    second.section()
    second.interface(228, snap: 2)
    second.enhanced(0, ticks: 5, [4])
    second.block(3) {
      $0.u32(3)
      $0.bytes += [6, 6]
    }
    let capture = try Capture(bytes: file.bytes + second.bytes)
    #expect(capture.interfaces.map(\.linkType) == [.ethernet, .raw, .ipv4])
    #expect(capture.packets.map { Array(capture.data(of: $0)) } == [[1, 2, 3, 4, 5], [9], [4], [6, 6]])
    #expect(capture.timestamp(of: capture.packets[0]) == CaptureTimestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789))
    #expect(capture.timestamp(of: capture.packets[1]) == CaptureTimestamp(seconds: 1, nanoseconds: 500_000_000))
    #expect(capture.timestamp(of: capture.packets[2]) == CaptureTimestamp(seconds: 0, nanoseconds: 5000))
    #expect(capture.linkType(of: capture.packets[3]) == .ipv4)

    var writer = CaptureWriter(like: capture)
    for packet in capture.packets { writer.append(packet) }
    let again = try Capture(bytes: writer.bytes)
    #expect(again.interfaces.map(\.linkType) == capture.interfaces.map(\.linkType))
    #expect(again.packets.map { Array(again.data(of: $0)) } == capture.packets.map { Array(capture.data(of: $0)) })
    #expect(again.packets.map { again.timestamp(of: $0) } == capture.packets.map { capture.timestamp(of: $0) })
    #expect(again.packets.map(\.originalLength) == capture.packets.map(\.originalLength))
  }

  /// Found by the capture fuzzer: each section looked through all interfaces, and a file of many took minutes.
  @Test(.timeLimit(.minutes(1))) func manySectionsAreWrittenInLinearTime() throws {
    var one = FileBuilder()
    one.section()
    one.interface(1)
    one.enhanced(0, ticks: 7, [1, 2])
    let count = 100_000
    let capture = try Capture(bytes: [[UInt8]](repeating: one.bytes, count: count).flatMap { $0 })
    #expect(capture.interfaces.count == count)
    var writer = CaptureWriter(like: capture)
    for packet in capture.packets { writer.append(packet) }
    let again = try Capture(bytes: writer.bytes)
    #expect(again.packets.count == count)
    #expect(again.packets.map(\.interface) == capture.packets.map(\.interface))
  }

  @Test func aChangedPacketKeepsWhatWasCutOff() throws {
    var file = FileBuilder()
    file.pcapHeader()
    file.record(1, 2, [1, 2, 3, 4], original: 10)
    let capture = try Capture(bytes: file.bytes)
    var writer = CaptureWriter(like: capture)
    writer.append(capture.packets[0], data: [9, 9])
    let again = try Capture(bytes: writer.bytes)
    #expect(Array(again.data(of: again.packets[0])) == [9, 9])
    #expect(again.packets[0].originalLength == 8)
  }

  @Test func everyPrefixIsReadOrRefusedWithItsPlace() throws {
    var pcap = FileBuilder()
    pcap.pcapHeader()
    pcap.record(1, 2, [1, 2, 3, 4])
    var pcapng = FileBuilder(big: true)
    pcapng.section()
    pcapng.interface(1, resolution: 9)
    pcapng.enhanced(0, ticks: 1, [1, 2, 3])
    for file in [pcap.bytes, pcapng.bytes] {
      var refused = 0
      for count in 0..<file.count {
        do {
          _ = try Capture(bytes: Array(file[..<count]))
        } catch {
          refused += 1
          #expect(error.offset <= count)
          #expect(!error.message.isEmpty)
        }
      }
      // Whole files without their packets are captures too; every other prefix is cut.
      #expect(refused >= file.count - 4)
    }
  }

  @Test func corruptedFilesNeverTrap() {
    var pcapng = FileBuilder()
    pcapng.section()
    pcapng.interface(1, resolution: 200)
    pcapng.enhanced(0, ticks: .max, [1, 2, 3])
    pcapng.block(2) { $0.bytes += Array(repeating: 0xff, count: 24) }
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SplitMix64(state: seed)
    print("seed of corruptedFilesNeverTrap: \(seed)")
    for _ in 0..<5000 {
      var bytes = pcapng.bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if let capture = try? Capture(bytes: bytes) {
        for packet in capture.packets { _ = capture.timestamp(of: packet) }
        var writer = CaptureWriter(like: capture)
        for packet in capture.packets { writer.append(packet) }
      }
    }
  }

  @Test func errorsNameTheFileTheyAreNot() {
    #expect(throws: CaptureError.self) { try Capture(bytes: Array("GIF89a and more bytes".utf8)) }
    let error = #expect(throws: CaptureError.self) { try Capture(bytes: [0x1f, 0x8b, 8, 0]) }
    #expect(error?.description.contains("1f8b0800") == true)
  }

  @Test func clocksOfEveryUnit() {
    #expect(
      CaptureClock.counter(unit: .decimal(3), offset: 10).timestamp(1500) == CaptureTimestamp(seconds: 11, nanoseconds: 500_000_000))
    #expect(CaptureClock.counter(unit: .decimal(0), offset: 0).timestamp(7) == CaptureTimestamp(seconds: 7, nanoseconds: 0))
    #expect(CaptureClock.counter(unit: .decimal(255), offset: 0).timestamp(.max) == CaptureTimestamp(seconds: 0, nanoseconds: 0))
    #expect(CaptureClock.counter(unit: .binary(0), offset: 0).timestamp(3) == CaptureTimestamp(seconds: 3, nanoseconds: 0))
    #expect(CaptureClock.counter(unit: .binary(63), offset: 0).timestamp(1 << 62) == CaptureTimestamp(seconds: 0, nanoseconds: 500_000_000))
  }
}
