import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFTables
import EBPFTestSupport
import Foundation
import Testing

/// Random classic programs, checked and run by the kernel itself: attached to a socket as they are, and loaded in our translation.
@Suite(.serialized) struct ClassicKernelTests {
  /// Two UDP sockets on the loopback interface: what the second receives has gone through the filter that is attached to it.
  ///
  /// The filter sees the UDP header and the payload; the IPv4 and link headers lie before them.
  final class FilteredSocket {
    private let sender = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    private let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    private var address = sockaddr_in()
    private var senderPort: UInt16 = 0

    init() throws {
      try #require(sender >= 0 && receiver >= 0)
      address = try Self.bindLoopback(receiver)
      senderPort = try UInt16(bigEndian: Self.bindLoopback(sender).sin_port)
      // No checksum, and "do not fragment" on an unconnected socket gives the IPv4 header the identification 0: all bytes are known.
      var one: Int32 = 1
      try #require(setsockopt(sender, SOL_SOCKET, SO_NO_CHECK, &one, 4) == 0)
      var always: Int32 = 2
      try #require(setsockopt(sender, Int32(IPPROTO_IP), IP_MTU_DISCOVER, &always, 4) == 0)
      var timeout = timeval(tv_sec: 0, tv_usec: 100_000)
      try #require(setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size)) == 0)
    }

    deinit {
      close(sender)
      close(receiver)
    }

    private static func bindLoopback(_ socket: Int32) throws -> sockaddr_in {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      try withUnsafeMutablePointer(to: &address) { address in
        try address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          try #require(bind(socket, address, length) == 0)
          try #require(getsockname(socket, address, &length) == 0)
        }
      }
      return address
    }

    /// Attaches the filter in place of the one before; returns the errno of a refusal, 0 without.
    func attach(_ program: ClassicProgram) -> Int32 {
      ClassicInstruction.encode(program.instructions).withUnsafeBytes { bytes in
        // struct sock_fprog: a 16-bit length, and a pointer.
        var filter = (UInt64(program.instructions.count), UInt64(UInt(bitPattern: bytes.baseAddress)))
        return setsockopt(receiver, SOL_SOCKET, SO_ATTACH_FILTER, &filter, 16) == 0 ? 0 : errno
      }
    }

    /// The packet as the filter will see it.
    func packet(_ payload: [UInt8]) -> ClassicEvaluator.Packet {
      func pair(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
      let udp = pair(Int(senderPort)) + pair(Int(UInt16(bigEndian: address.sin_port))) + pair(8 + payload.count) + [0, 0]
      let ip: [UInt8] = [0x45, 0] + pair(28 + payload.count) + [0, 0, 0x40, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]
      var sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(ip[$1]) << 8 + Int(ip[$1 + 1]) }
      while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
      var header = ip
      header.replaceSubrange(10..<12, with: pair(~sum & 0xffff))
      var packet = ClassicEvaluator.Packet(udp + payload)
      packet.before = [UInt8](repeating: 0, count: 12) + [8, 0] + header
      packet.linkHeader = -34
      packet.networkHeader = -20
      packet.ancillary = ClassicKernelTests.loopback
      return packet
    }

    /// Sends the payload; returns how many bytes of it come through, `nil` where none arrive.
    func send(_ payload: [UInt8]) throws -> Int? {
      let sent = withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(sender, payload, payload.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(sent == payload.count)
      var buffer = [UInt8](repeating: 0, count: payload.count + 16)
      // Over the loopback interface a datagram has arrived when sendto returns.
      let received = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      return received < 0 ? nil : received
    }
  }

  /// What the kernel knows of a packet that comes over the loopback interface.
  static let loopback: [ClassicAncillary: UInt32] = [
    .protocol: 0x0800, .packetType: 0, .interface: 1, .mark: 0, .hardwareType: 772, .vlanTag: 0, .vlanTagPresent: 0, .vlanProtocol: 0,
  ]

  /// Puts an end behind a program that brings all bits of A into its low eleven, so that they show in the length of what is received.
  static func observable(_ program: ClassicProgram) -> ClassicProgram {
    var instructions = program.instructions
    let body = instructions.count
    for index in instructions.indices where instructions[index].operation == .returnA {
      instructions[index] = ClassicInstruction(.jump, k: UInt32(body - 1 - index))
    }
    for shift in [16, 11] as [UInt32] {
      instructions += [
        ClassicInstruction(.tax), ClassicInstruction(.arithmetic(.rsh, .k), k: shift), ClassicInstruction(.arithmetic(.xor, .x)),
      ]
    }
    instructions += [ClassicInstruction(.arithmetic(.and, .k), k: 0x7ff), ClassicInstruction(.returnA)]
    return ClassicProgram(instructions)
  }

  @Test("the kernel and the check agree on what is a program")
  func verdicts() throws {
    let socket = try FilteredSocket()
    let seed: UInt64 = 1
    var generator = ClassicGenerator(seed: seed)
    var accepted = 0
    for number in 0..<20000 {
      let program = generator.any(count: 1 + number % 80)
      let result = socket.attach(program)
      var error: ClassicError?
      do throws(ClassicError) { try program.check() } catch let refusal { error = refusal }
      guard (result == 0) == (error == nil), result == 0 || result == EINVAL else {
        Issue.record("seed \(seed), program \(number): kernel \(result), check \(String(describing: error))\n\(program.listing)")
        return
      }
      if result == 0 { accepted += 1 }
    }
    #expect(accepted > 1000 && accepted < 19000)
  }

  @Test("filters that are attached as they are let the bytes through that a direct evaluation says")
  func attached() throws {
    let socket = try FilteredSocket()
    let seed: UInt64 = 2
    var generator = ClassicGenerator(seed: seed)
    let asked = Self.loopback.keys.sorted { $0.rawValue < $1.rawValue } + [.xorX]
    var lengths: Set<Int> = []
    for number in 0..<4000 {
      let program = Self.observable(generator.valid(count: 2 + number % 50, ancillary: asked, length: 40))
      try #require(socket.attach(program) == 0)
      let payload = (0..<2048).map { _ in UInt8(truncatingIfNeeded: generator.random.next()) }
      let packet = socket.packet(payload)
      let expected = try #require(ClassicEvaluator().run(program, on: packet))
      // The UDP header always stays (`sk_filter_trim_cap`).
      let length = expected == 0 ? nil : max(8, min(Int(expected), 2056)) - 8
      let received = try socket.send(payload)
      guard received == length else {
        Issue.record(
          "seed \(seed), program \(number): \(String(describing: received)), expected \(String(describing: length))\n\(program.listing)")
        return
      }
      lengths.insert(received ?? -1)
    }
    #expect(lengths.count > 500)
  }

  @Test("the kernel's verifier takes the translations, and they return the same there", .needsKernel)
  func translated() throws {
    var oracle = try KernelOracle(type: ProgramType(rawValue: 1))
    let seed: UInt64 = 3
    var generator = ClassicGenerator(seed: seed)
    // Searches of netlink attributes are loops, which become too much for a verifier in the middle of long programs.
    // The kernel's test run is on a packet of the loopback interface, without a VLAN tag.
    let asked: [ClassicAncillary] = [
      .protocol, .packetType, .interface, .mark, .hardwareType, .vlanTag, .vlanTagPresent, .vlanProtocol, .xorX,
    ]
    var results: Set<UInt32> = []
    for number in 0..<4000 {
      let program = generator.valid(count: 2 + number % 50, ancillary: asked, length: 64)
      let translated = try program.translated(.init(hardwareType: 772))
      if let objection = try oracle.load(translated) {
        Issue.record("seed \(seed), program \(number): \(objection)\n\(program.listing)\(Disassembler(style: .kernel).listing(translated))")
        return
      }
      let bytes: [UInt8] =
        [UInt8](repeating: 0, count: 12) + [8, 0, 0x45] + (0..<63).map { _ in UInt8(truncatingIfNeeded: generator.random.next()) }
      var packet = ClassicEvaluator.Packet(Array(bytes[14...]))
      packet.before = Array(bytes[..<14])
      packet.linkHeader = -14
      packet.ancillary = Self.loopback
      let expected = ClassicEvaluator().run(program, on: packet)
      let result = try oracle.run(bytes)
      guard result == expected else {
        Issue.record("seed \(seed), program \(number): \(result), expected \(String(describing: expected))\n\(program.listing)")
        return
      }
      results.insert(result)
    }
    #expect(results.count > 500)
  }
}
