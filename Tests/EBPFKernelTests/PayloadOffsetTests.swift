import EBPFCapture
import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Foundation
import Testing

/// Where a packet's payload begins (`SKF_AD_PAY_OFFSET`), and what else a classic filter asks: the kernel's own filter on a packet socket and the
/// translation in this process answer the same.
@Suite("Payload offsets, as the kernel's", .needsKernel, .serialized)
struct PayloadOffsetTests {
  /// Ethernet frames that are sent and received on the loopback interface; the second socket has the filter.
  final class FrameSocket {
    private let sender: Int32
    private let receiver: Int32
    private static let packetFamily: Int32 = 17
    private static let solPacket: Int32 = 263
    private static let ignoreOutgoing: Int32 = 23

    init() throws {
      let every = UInt16(3).bigEndian  // ETH_P_ALL
      sender = socket(Self.packetFamily, Int32(SOCK_RAW.rawValue), 0)
      receiver = socket(Self.packetFamily, Int32(SOCK_RAW.rawValue), Int32(every))
      try #require(sender >= 0 && receiver >= 0)
      var one: Int32 = 1
      try #require(setsockopt(receiver, Self.solPacket, Self.ignoreOutgoing, &one, 4) == 0)
      var size: Int32 = 1 << 20
      _ = setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &size, 4)
      for (descriptor, type) in [(sender, UInt16(0)), (receiver, every)] {
        // struct sockaddr_ll: family, protocol, interface; the rest is zero.
        var address = [UInt8](repeating: 0, count: 20)
        address.withUnsafeMutableBytes {
          $0.storeBytes(of: UInt16(Self.packetFamily), as: UInt16.self)
          $0.storeBytes(of: type, toByteOffset: 2, as: UInt16.self)
          $0.storeBytes(of: Int32(if_nametoindex("lo")), toByteOffset: 4, as: Int32.self)
        }
        let bound = address.withUnsafeBytes { bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 20) }
        try #require(bound == 0)
      }
    }

    deinit {
      close(sender)
      close(receiver)
    }

    func attach(_ program: ClassicProgram) throws {
      let result = ClassicInstruction.encode(program.instructions).withUnsafeBytes { bytes in
        var filter = (UInt64(program.instructions.count), UInt64(UInt(bitPattern: bytes.baseAddress)))
        return setsockopt(receiver, SOL_SOCKET, SO_ATTACH_FILTER, &filter, 16)
      }
      try #require(result == 0)
    }

    /// Sends a frame; returns how many bytes of it the filter lets through. What else is on the interface is passed over: frames here begin with
    /// bytes of their own, as long as 14 of them are let through.
    func send(_ frame: [UInt8]) throws -> Int? {
      try #require(Glibc.send(sender, frame, frame.count, 0) == frame.count)
      var buffer = [UInt8](repeating: 0, count: frame.count + 64)
      while true {
        let received = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if received < 0 { return nil }
        if buffer[..<12] == frame[..<12] { return received }
      }
    }
  }

  /// What the kernel knows of a frame when the filter sees it: a tag is taken out of it before (`skb_vlan_untag`).
  private static func image(_ frame: [UInt8]) -> SocketBufferImage? {
    func pair(_ offset: Int) -> UInt16 { UInt16(frame[offset]) << 8 | UInt16(frame[offset + 1]) }
    /// `eth_type_trans`, `vlan_set_encap_proto`
    func type(_ offset: Int) -> UInt32 {
      let number = pair(offset)
      if number >= 0x0600 { return UInt32(number.bigEndian) }
      let isRaw = frame.count >= offset + 4 && pair(offset + 2) == 0xffff
      return UInt32(UInt16(isRaw ? 1 : 4).bigEndian)
    }
    guard [0x8100, 0x88a8].contains(pair(12)) else { return SocketBufferImage(data: frame, networkHeader: 14, fields: [16: type(12)]) }
    // Without the whole tag and a type behind it the kernel drops it.
    guard frame.count >= 14 + 6 else { return nil }
    return SocketBufferImage(
      data: Array(frame[..<12] + frame[16...]), networkHeader: 14,
      fields: [16: type(16), 20: 1, 24: UInt32(pair(14)), 28: UInt32(pair(12).bigEndian)])
  }

  private static let program = ClassicProgram([
    ClassicInstruction(.loadAbsolute(.w), k: ClassicAncillary.payloadOffset.offset),
    // What is found shows as a length, 0 too.
    ClassicInstruction(.arithmetic(.add, .k), k: 14), ClassicInstruction(.returnA),
  ])

  /// Compares the answers for frames, each in every engine; returns the offsets that there were.
  private func compare(_ frames: [[UInt8]], _ description: String) throws -> Set<Int> {
    let socket = try FrameSocket()
    try socket.attach(Self.program)
    let translated = try Self.program.translated(.init(payloadOffsetHelper: Int32(HelperID.skbGetPayOffset.rawValue)))
    let object = ObjectSpec(
      programs: [ProgramSpec(name: "payload", type: .socketFilter, instructions: translated)], license: "GPL")
    let programs = try LoadOptions.Engine.allCases.map { engine in
      var options = LoadOptions()
      options.engine = engine
      return try UserspaceHost().load(object, options: options)
    }
    defer { for program in programs { program.close() } }
    var offsets: Set<Int> = []
    for (number, frame) in frames.enumerated() {
      guard let image = Self.image(frame) else { continue }
      guard let received = try socket.send(frame) else {
        Issue.record("\(description), frame \(number) did not come back")
        continue
      }
      for program in programs {
        let result = Int(try program.programs[0].run(on: image))
        // A packet is let through up to its end.
        guard min(result, image.data.count) == received else {
          Issue.record(
            """
            \(description), frame \(number): \(result - 14), the kernel's \(received - 14), of \(image.data.count) bytes
            \(frame.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
            """)
          return offsets
        }
      }
      offsets.insert(received - 14)
    }
    return offsets
  }

  /// Frames made of headers one in another, some of them wrong, cut anywhere.
  @Test func headersInHeaders() throws {
    var random = SeededGenerator(seed: 0x5eed_0b0f)
    let frames = (0..<6000).map { _ in FrameGenerator.frame(using: &random) }
    let offsets = try compare(frames, "generated")
    #expect(offsets.count > 100)
  }

  /// The Ethernet packets of captures: those of the repository, and of the folder that `EBPF_CAPTURES` names.
  @Test func captures() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    var folders = [root.appendingPathComponent("Examples/Captures")]
    if let folder = ProcessInfo.processInfo.environment["EBPF_CAPTURES"] { folders.append(URL(fileURLWithPath: folder)) }
    var count = 0
    for folder in folders {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      for name in names where name.hasSuffix(".pcap") || name.hasSuffix(".pcapng") {
        guard let capture = try? Capture(bytes: [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))) else { continue }
        let frames = capture.packets.prefix(400).compactMap { packet -> [UInt8]? in
          guard capture.interfaces[packet.interface].linkType == .ethernet, packet.range.count >= 14, packet.range.count <= 9000 else {
            return nil
          }
          // Bytes behind the packet show offsets that lie beyond its end.
          return Array(capture.bytes[packet.range]) + [UInt8](repeating: 0, count: 80)
        }
        count += frames.count
        _ = try compare(frames, name)
      }
    }
    #expect(count > 200)
  }
}

/// Ethernet frames with random headers behind one another.
private enum FrameGenerator {
  static func frame(using random: inout SeededGenerator) -> [UInt8] {
    // Addresses of nobody, unlike what else is on the interface.
    var frame: [UInt8] = [2, 0xeb, 0x9f] + bytes(3, &random) + [2, 0xeb, 0x9f] + bytes(3, &random)
    let types: [UInt16] = [
      0x0800, 0x0800, 0x86dd, 0x86dd, 0x8100, 0x88a8, 0x8864, 0x8847, 0x8848, 0x8906, 0x0806, 0x8035, 0x8902, 0x88ca, 0x4305, 0x88f7,
      0x88fb,
      0x892f, 0x6558, 0x1234, 0x0100,
    ]
    var next = Next.type(types.randomElement(using: &random)!)
    frame += pair(next.number)
    for _ in 0..<20 {
      guard case .type(let type) = next else {
        guard case .ipProtocol(let number, let isIPv6) = next else { break }
        next = transport(number, isIPv6, &frame, &random)
        continue
      }
      next = link(type, types, &frame, &random)
    }
    frame += bytes(Int.random(in: 0...40, using: &random), &random)
    if Int.random(in: 0..<3, using: &random) == 0 { frame = Array(frame.prefix(Int.random(in: 14...max(14, frame.count), using: &random))) }
    return frame + (Bool.random(using: &random) ? [UInt8](repeating: 0, count: 80) : [])
  }

  private enum Next {
    case type(UInt16)
    case ipProtocol(UInt8, isIPv6: Bool)
    case end

    var number: UInt16 { if case .type(let type) = self { type } else { 0 } }
  }

  private static func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  private static func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

  private static let protocols: [UInt8] = [6, 6, 17, 1, 58, 2, 33, 132, 136, 4, 41, 47, 47, 137, 0, 43, 60, 44, 50, 51, 115, 99]

  private static func link(_ type: UInt16, _ types: [UInt16], _ frame: inout [UInt8], _ random: inout SeededGenerator) -> Next {
    let inner = types.randomElement(using: &random)!
    switch type {
    case 0x0800:
      let words = UInt8([5, 5, 5, 6, 15, 4].randomElement(using: &random)!)
      let number = protocols.randomElement(using: &random)!
      let fragment = pair([0, 0, 0, 0x4000, 0x2000, 0x2010, 0x00ff].randomElement(using: &random)!)
      frame += [0x40 | words, 0] + bytes(4, &random) + fragment + [64, number] + bytes(10, &random)
      frame += bytes(max(0, Int(words) - 5) * 4, &random)
      return .ipProtocol(number, isIPv6: false)
    case 0x86dd:
      let number = protocols.randomElement(using: &random)!
      frame += [0x60] + bytes(5, &random) + [number] + bytes(33, &random)
      return .ipProtocol(number, isIPv6: true)
    case 0x8100, 0x88a8: frame += bytes(2, &random) + pair(inner)
    case 0x8864:
      let numbers: [UInt16] = [0x0021, 0x0057, 0x0281, 0x0283, 0xc021, 0x2100]
      let number = numbers.randomElement(using: &random)!
      frame +=
        [[0x11, 0x11, 0x21].randomElement(using: &random)!, [0, 0, 9].randomElement(using: &random)!] + bytes(4, &random) + pair(number)
      return number == 0x0021 ? .type(0x0800) : number == 0x0057 ? .type(0x86dd) : .end
    case 0x4305:
      frame += [[0x40, 0x40, 1].randomElement(using: &random)!, [15, 15, 14].randomElement(using: &random)!] + bytes(8, &random)
      frame += bytes(12, &random) + pair(inner)
    case 0x88fb, 0x892f: frame += bytes(4, &random) + pair(inner)
    default:
      frame += bytes(Int.random(in: 0...50, using: &random), &random)
      return .end
    }
    return .type(inner)
  }

  private static func transport(_ number: UInt8, _ isIPv6: Bool, _ frame: inout [UInt8], _ random: inout SeededGenerator) -> Next {
    let inner = protocols.randomElement(using: &random)!
    switch number {
    case 0, 43, 60:
      let words = UInt8.random(in: 0...3, using: &random)
      frame += [inner, words] + bytes(6 + Int(words) * 8, &random)
      return .ipProtocol(inner, isIPv6: isIPv6)
    case 44:
      frame += [inner, 0] + pair([0, 1, 8, 0xfff8].randomElement(using: &random)!) + bytes(4, &random)
      return .ipProtocol(inner, isIPv6: isIPv6)
    case 4: return .type(0x0800)
    case 41: return .type(0x86dd)
    case 137: return .type(0x8847)
    case 47:
      let flags: UInt16 = [0, 0x8000, 0x2000, 0x1000, 0xb000, 0x4000, 2, 0x2001, 0x3001, 0x3081, 0x0001].randomElement(using: &random)!
      let types: [UInt16] = flags & 7 == 1 ? [0x880b, 0x880b, 0x0800] : [0x0800, 0x86dd, 0x6558, 0x8847, 0x1234]
      let type = types.randomElement(using: &random)!
      frame += pair(flags) + pair(type)
      for bit: UInt16 in [0x8000, 0x2000, 0x1000, 0x0080] where flags & bit != 0 { frame += bytes(4, &random) }
      if type == 0x6558 {
        let next: UInt16 = [0x0800, 0x86dd, 0x8100].randomElement(using: &random)!
        frame += bytes(12, &random) + pair(next)
        return .type(next)
      }
      if type == 0x880b {
        let next: UInt16 = [0x0021, 0x0057, 0x1234].randomElement(using: &random)!
        frame += [0xff, 3] + pair(next)
        return next == 0x0021 ? .type(0x0800) : next == 0x0057 ? .type(0x86dd) : .end
      }
      return .type(type)
    case 6:
      frame += bytes(12, &random) + [UInt8.random(in: 0...255, using: &random)] + bytes(7, &random)
      return .end
    default:
      frame += bytes(Int.random(in: 0...20, using: &random), &random)
      return .end
    }
  }
}
