import EBPFCapture
import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// The same call on both hosts: captures run packet by packet in the kernel, and in this process, with equal answers.
@Suite("Captures, against the kernel's", .needsKernel)
struct CaptureDifferentialTests {
  /// A little-endian pcap file of these packets.
  private static func capture(_ packets: [[UInt8]], linkType: UInt8 = 1) throws -> Capture {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xff) } }
    var bytes = word(0xa1b2_c3d4) + [2, 0, 4, 0] + word(0) + word(0) + word(65535) + word(Int(linkType))
    for packet in packets { bytes += word(1) + word(0) + word(packet.count) + word(packet.count) + packet }
    return try Capture(bytes: bytes)
  }

  /// A program and what it is run over.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var type: ProgramType
    var instructions: [Instruction]
    var linkType: UInt8 = 1
    var start = ReplayOptions.FilterStart.linkHeader
    var testDescription: String { name }
  }

  /// r0 = skb->len * 8 + skb->pkt_type, with skb->protocol in the upper half.
  private static let socketBuffer: [Instruction] = [
    .load(.w, .r0, .r1, 0), .alu64(.lsh, .r0, 3), .load(.w, .r2, .r1, 4), .alu64(.or, .r0, .r2), .load(.w, .r2, .r1, 16),
    .alu64(.lsh, .r2, 16), .alu64(.or, .r0, .r2), .exit,
  ]
  /// The first byte that a filter sees.
  private static let firstByte: [Instruction] = [.mov64(.r6, .r1), .loadAbsolute(.b, 0), .exit]

  private static let cases: [Case] = [
    // Passes packets whose byte 13 is even and writes to them, aborts short ones and drops the others.
    Case(
      name: "xdp", type: .xdp,
      instructions: [
        .load(.w, .r2, .r1, 0), .load(.w, .r3, .r1, 4), .mov64(.r4, .r2), .add64(.r4, 14), .mov64(.r0, 0), .jump(.gt, .r4, .r3, 6),
        .load(.b, .r5, .r2, 13), .mov64(.r0, 1), .jump(.set, .r5, 1, 1), .store(.b, .r2, 0, 0x55), .jump(.set, .r5, 1, 1), .mov64(.r0, 2),
        .exit,
      ]),
    // The packet type is the action.
    Case(name: "classifier", type: .schedCls, instructions: [.load(.w, .r0, .r1, 4), .exit]),
    Case(name: "filter at the link header", type: .socketFilter, instructions: socketBuffer),
    Case(name: "filter at the network header", type: .socketFilter, instructions: socketBuffer, start: .networkHeader),
    Case(name: "filter's bytes", type: .socketFilter, instructions: firstByte),
    Case(name: "filter's bytes at the network header", type: .socketFilter, instructions: firstByte, start: .networkHeader),
    Case(name: "filter on packets without a link header", type: .socketFilter, instructions: socketBuffer, linkType: 101),
    Case(name: "filter on cooked packets", type: .socketFilter, instructions: socketBuffer, linkType: 113),
    Case(name: "filter on cooked packets' payload", type: .socketFilter, instructions: socketBuffer, linkType: 113, start: .networkHeader),
    // skb->len & 1
    Case(name: "cgroup", type: .cgroupSkb, instructions: [.load(.w, .r0, .r1, 0), .alu64(.and, .r0, 1), .exit]),
    Case(
      name: "cgroup on cooked packets", type: .cgroupSkb, instructions: [.load(.w, .r0, .r1, 16), .alu64(.and, .r0, 1), .exit],
      linkType: 113),
    Case(name: "tunnel", type: .lwtXmit, instructions: [.load(.w, .r0, .r1, 4), .alu64(.lsh, .r0, 1), .exit]),
  ]

  private static func packets(linkType: UInt8) -> [[UInt8]] {
    var random = SeededGenerator(seed: 0x5eed_0202)
    return (0..<24).map { index in
      var packet = TestPacket.random(using: &random)
      // The test run's device has no broadcast address, and what it takes for 802.3 depends on what the header lies before.
      if packet[0] == 0xff { packet[0] = 1 }
      if packet[12] < 6 { packet.replaceSubrange(12..<14, with: [8, 6]) }
      switch linkType {
      case 101: packet = [index % 2 == 0 ? 0x45 : 0x60] + packet.dropFirst(15)
      case 113:
        packet =
          [0, [0, 2, 3][index % 3]] + [UInt8](repeating: 0, count: 12) + (index % 2 == 0 ? [8, 0] : [0x86, 0xdd]) + packet.dropFirst(14)
      default: break
      }
      return packet + [UInt8](repeating: UInt8(index), count: 41)
    }
  }

  @Test(arguments: cases) func bothHosts(_ test: Case) throws {
    let object = ObjectSpec(programs: [ProgramSpec(name: "replay", type: test.type, instructions: test.instructions)], license: "GPL")
    let capture = try Self.capture(Self.packets(linkType: test.linkType), linkType: test.linkType)
    var options = ReplayOptions()
    options.keepsOutput = true
    options.repeatCount = 2
    options.filterStart = test.start
    let kernel = try KernelHost().load(object)
    defer { kernel.close() }
    let here = try UserspaceHost().load(object)
    defer { here.close() }
    let expected = try kernel.programs[0].run(over: capture, options: options)
    let result = try here.programs[0].run(over: capture, options: options)
    #expect(result.packets == expected.packets && result.packets == 48)
    #expect(result.actions == expected.actions)
    #expect(result.output.map(\.index) == expected.output.map(\.index))
    for (mine, theirs) in zip(result.output, expected.output) { #expect(mine == theirs, "packet \(mine.index)") }
    options.keepsBytes = false
    #expect(try kernel.programs[0].run(over: capture, options: options).output.allSatisfy(\.data.isEmpty))
  }

  @Test func interfaces() throws {
    let code: [Instruction] = [.load(.w, .r0, .r1, 40), .exit]
    let object = ObjectSpec(programs: [ProgramSpec(name: "replay", type: .socketFilter, instructions: code)], license: "GPL")
    let capture = try Self.capture(Self.packets(linkType: 1))
    let kernel = try KernelHost().load(object)
    defer { kernel.close() }
    #expect(try kernel.programs[0].run(over: capture).actions.map(\.action) == [1])
    var options = ReplayOptions()
    options.firstInterface = 0x7fff_0000
    let absent = #expect(throws: HostError.self) { try kernel.programs[0].run(over: capture, options: options) }
    #expect(absent?.message.hasPrefix("packet 1: ") == true)
    options = ReplayOptions()
    options.maximumLength = 1500
    #expect(throws: HostError.self) { try kernel.programs[0].run(over: capture, options: options) }
  }

  @Test func programsThatTakeNoPackets() throws {
    var spec = ProgramSpec(name: "call", type: .syscall, instructions: [.mov64(.r0, 0), .exit])
    spec.loadFlags = 0x10
    let capture = try Self.capture([[UInt8](repeating: 0, count: 60)])
    for host in [KernelHost(), UserspaceHost()] as [any Host] {
      let loaded = try host.load(ObjectSpec(programs: [spec], license: "GPL"))
      defer { loaded.close() }
      let error = #expect(throws: HostError.self) { try loaded.programs[0].run(over: capture) }
      #expect(error?.code == .unsupported && error?.message.contains("does not work on packets") == true)
    }
  }

  /// Names of programs that there are not.
  @Test func unknownNames() throws {
    let specs = ["one", "two"].map { ProgramSpec(name: $0, type: .socketFilter, instructions: [.mov64(.r0, 0), .exit]) }
    var options = LoadOptions()
    options.programs = ["two", "three"]
    for host in [KernelHost(), UserspaceHost()] as [any Host] {
      let error = #expect(throws: HostError.self) { try host.load(ObjectSpec(programs: specs), options: options) }
      #expect(error?.code == .notFound && error?.message == "the object has no program 'three'; it has: one, two")
    }
  }

  /// The table of what programs are run on, against what the kernel runs.
  @Test func runShapes() throws {
    let packet: [UInt8] = [UInt8](repeating: 0, count: 12) + [8, 0, 0x45] + [UInt8](repeating: 0, count: 60)
    var run: Set<ProgramType> = []
    for type in ProgramType.all {
      var spec = ProgramSpec(name: "shape", type: type, instructions: [.mov64(.r0, 1), .exit])
      spec.expectedAttachType = AttachType.all.first { ContextLayout.find(type, attachType: $0) != nil }
      if type == .netfilter { spec.expectedAttachType = .netfilter }
      if type == .syscall { spec.loadFlags = 0x10 }
      guard let loaded = try? KernelHost().load(ObjectSpec(programs: [spec], license: "GPL")) else { continue }
      defer { loaded.close() }
      let shape = RunShape(type)
      let input = shape.takesData ? TestInput(data: packet) : TestInput()
      do throws(HostError) {
        _ = try loaded.programs[0].run(input)
        run.insert(type)
      } catch {
        // A type that takes data is one that the kernel runs, but for one sort of tunnel, which it runs on real packets only.
        #expect(!shape.takesData || type == .lwtSeg6local && error.code == .unsupported, "\(type): \(error)")
      }
    }
    #expect(run.isSuperset(of: [.xdp, .socketFilter, .schedCls, .schedAct, .cgroupSkb, .lwtIn, .lwtOut, .lwtXmit]))
    #expect(run.isSuperset(of: [.flowDissector, .syscall, .rawTracepoint]))
  }
}
