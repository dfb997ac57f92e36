import EBPFCapture
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

@Suite("Captures run through programs")
struct ReplayTests {
  /// A little-endian pcap file of these packets.
  static func capture(_ packets: [[UInt8]], linkType: UInt8 = 1, cut: Int = .max) throws -> Capture {
    func word(_ value: Int) -> [UInt8] {
      [UInt8(value & 0xff), UInt8(value >> 8 & 0xff), UInt8(value >> 16 & 0xff), UInt8(value >> 24 & 0xff)]
    }
    var bytes = word(0xa1b2_c3d4) + [2, 0, 4, 0] + word(0) + word(0) + word(65535) + word(Int(linkType))
    for packet in packets {
      bytes += word(1) + word(0) + word(min(packet.count, cut)) + word(packet.count) + packet.prefix(cut)
    }
    return try Capture(bytes: bytes)
  }

  @Test("XDP actions are counted, packets that pass come back as written, the capture stays as it is", arguments: engines)
  func xdp(engine: LoadOptions.Engine) throws {
    // Passes packets whose byte 13 is even and zeroes it, drops the others and those that are shorter.
    let program =
      TestRunTests.packetAccess(14, otherwise: 1) + [
        .load(.b, .r5, .r2, 13), .mov64(.r0, 1), .jump(.set, .r5, 1, 2), .store(.b, .r2, 13, 0), .mov64(.r0, 2), .exit,
      ]
    let capture = try Self.capture([[UInt8](repeating: 4, count: 60), [UInt8](repeating: 5, count: 60), [1, 2, 3], []])
    let loaded = try load(program, type: .xdpType, engine: engine)
    var options = ReplayOptions()
    options.keepsOutput = true
    options.repeatCount = 3
    let replay = try loaded.programs[0].run(over: capture, options: options)
    #expect(replay.packets == 12)
    #expect(replay.actions == [Replay.ActionCount(action: 1, count: 9), Replay.ActionCount(action: 2, count: 3)])
    #expect(replay.output.map(\.index) == [0])
    #expect(replay.output.first?.data == [UInt8](repeating: 4, count: 13) + [0] + [UInt8](repeating: 4, count: 46))
  }

  @Test("a socket filter starts at the link header, and lets as many bytes pass as it returns", arguments: engines)
  func socketFilter(engine: LoadOptions.Engine) throws {
    let program: [Instruction] = [.mov64(.r6, .r1), .loadAbsolute(.b, 0), .exit]
    let capture = try Self.capture([[UInt8](20..<60), [UInt8](repeating: 0, count: 40)])
    let loaded = try load(program, type: .socketFilterType, engine: engine)
    var options = ReplayOptions()
    options.keepsOutput = true
    let replay = try loaded.programs[0].run(over: capture, options: options)
    #expect(replay.actions == [Replay.ActionCount(action: 0, count: 1), Replay.ActionCount(action: 20, count: 1)])
    #expect(replay.output.map(\.data) == [[UInt8](20..<40)])
    options.filterStart = .networkHeader
    #expect(try loaded.programs[0].run(over: capture, options: options).actions.last?.action == 34)
  }

  @Test("skb->len is the length on the wire, the bytes end where the capture ends", arguments: engines)
  func truncated(engine: LoadOptions.Engine) throws {
    let length: [Instruction] = [.load(.w, .r0, .r1, 0), .exit]
    let captured: [Instruction] = [.load(.w, .r0, .r1, 80), .load(.w, .r2, .r1, 76), .alu64(.sub, .r0, .r2), .exit]
    let capture = try Self.capture([[UInt8](repeating: 1, count: 100)], cut: 60)
    #expect(try load(length, type: .classifierType, engine: engine).programs[0].run(over: capture).actions.first?.action == 100)
    #expect(try load(captured, type: .classifierType, engine: engine).programs[0].run(over: capture).actions.first?.action == 60)
  }

  @Test("protocol and packet type come from the link header, of whatever type", arguments: engines)
  func linkTypes(engine: LoadOptions.Engine) throws {
    let program: [Instruction] = [
      .load(.w, .r0, .r1, 16), .load(.w, .r2, .r1, 4), .alu64(.lsh, .r2, 16), .alu64(.or, .r0, .r2), .exit,
    ]
    let loaded = try load(program, type: .classifierType, engine: engine)
    let ip: [UInt8] = [0x45] + [UInt8](repeating: 0, count: 19)
    let cases: [(UInt8, [UInt8], UInt32)] = [
      (1, [UInt8](repeating: 0xff, count: 6) + [2, 2, 2, 2, 2, 2, 0x86, 0xdd] + ip, 0x0001_dd86),
      (1, [1, 0, 0x5e, 0, 0, 1] + [2, 2, 2, 2, 2, 2, 0x08, 0x00] + ip, 0x0002_0008),
      (101, ip, 0x0000_0008),
      (113, [0, 4] + [UInt8](repeating: 0, count: 12) + [8, 0] + ip, 0x0004_0008),
      (147, ip, 0),
    ]
    for (linkType, packet, expected) in cases {
      let replay = try loaded.programs[0].run(over: Self.capture([packet], linkType: linkType))
      #expect(replay.actions.map(\.action) == [expected], "link type \(linkType)")
    }
  }

  @Test("a fault names the packet")
  func fault() throws {
    let program: [Instruction] = [.load(.w, .r2, .r1, 0), .load(.b, .r0, .r2, 13), .exit]
    let loaded = try load(program, type: .xdpType, engine: .checked)
    let capture = try Self.capture([[UInt8](repeating: 0, count: 14), [1]])
    let error = #expect(throws: HostError.self) { try loaded.programs[0].run(over: capture) }
    #expect(error?.message.hasPrefix("packet 2: program 'test', instruction 1: a load of 1 bytes at r2+13") == true)
    #expect(error?.message.contains("12 bytes behind the packet of 1 bytes") == true)
  }

  @Test("programs that are not about packets refuse")
  func wrongType() throws {
    let loaded = try load([.mov64(.r0, 0), .exit])
    let error = #expect(throws: HostError.self) { try loaded.programs[0].run(over: Self.capture([[1]])) }
    #expect(error?.code == .unsupported)
  }
}

extension ReplayTests {
  private func output(
    _ program: [Instruction], type: ProgramType, _ packets: [[UInt8]], engine: LoadOptions.Engine
  ) throws -> [Replay.Packet] {
    var options = ReplayOptions()
    options.keepsOutput = true
    return try load(program, type: type, engine: engine).programs[0].run(over: Self.capture(packets), options: options).output
  }

  @Test("packets leave with the tag that was pushed, once", arguments: engines)
  func pushedTag(engine: LoadOptions.Engine) throws {
    let addresses = [UInt8](1...12)
    let packet = addresses + [8, 0] + [UInt8](repeating: 0x45, count: 30)
    let push: [Instruction] = [.mov64(.r2, 0x0081), .mov64(.r3, 5), .call(18), .mov64(.r0, 0), .exit]
    // The packet behind has no tag of the one before.
    let results = try output(push, type: .classifierType, [packet, packet], engine: engine)
    for result in results { #expect(result.data == addresses + [0x81, 0, 0, 5] + packet[12...]) }
    #expect(results.count == 2)
    let pop: [Instruction] = [.call(19), .mov64(.r0, 0), .exit]
    let tagged = addresses + [0x81, 0, 0, 5] + packet[12...]
    #expect(try output(pop, type: .classifierType, [tagged], engine: engine).map(\.data) == [packet])
  }

  @Test("copies and redirects say where they go", arguments: engines)
  func redirects(engine: LoadOptions.Engine) throws {
    let packet = [UInt8](0..<60)
    let clone: [Instruction] = [
      .mov64(.r6, .r1), .mov64(.r2, 7), .mov64(.r3, 0), .call(13), .mov64(.r1, 9), .mov64(.r2, 0), .call(23), .exit,
    ]
    let results = try output(clone, type: .classifierType, [packet, packet], engine: engine)
    #expect(results.map(\.isClone) == [true, false, true, false])
    #expect(results.map(\.interface) == [7, 9, 7, 9])
    #expect(results.map(\.action) == [7, 7, 7, 7])
    #expect(results.allSatisfy { $0.data == packet })
    // A redirect that no helper has given a target goes nowhere.
    #expect(try output([.mov64(.r0, 7), .exit], type: .classifierType, [packet], engine: engine).isEmpty)
    #expect(try output([.mov64(.r0, 4), .exit], type: .xdpType, [packet], engine: engine).isEmpty)
    let xdp: [Instruction] = [.mov64(.r1, 3), .mov64(.r2, 0), .call(23), .exit]
    #expect(try output(xdp, type: .xdpType, [packet], engine: engine).map(\.interface) == [3])
  }

  @Test("packets that grow and shrink are written as they are", arguments: engines)
  func growth(engine: LoadOptions.Engine) throws {
    let packet = [UInt8](0..<60)
    let head: [Instruction] = [.mov64(.r2, -4), .call(44), .mov64(.r0, 2), .exit]
    let xdp = try output(head, type: .xdpType, [packet, packet], engine: engine)
    #expect(xdp.map { Array($0.data.dropFirst(4)) } == [packet, packet])
    let tail: [Instruction] = [.mov64(.r2, 4000), .mov64(.r3, 0), .call(38), .mov64(.r0, 0), .exit]
    #expect(try output(tail, type: .classifierType, [packet], engine: engine).map(\.data) == [packet + [UInt8](repeating: 0, count: 3940)])
    // Growing at the head again and again reaches the kernel's limit, and the bytes behind stay.
    let grow: [Instruction] =
      [.mov64(.r6, .r1)] + (0..<4).flatMap { _ in [.mov64(.r1, .r6), .mov64(.r2, 4000), .mov64(.r3, 0), .call(43)] as [Instruction] } + [
        .mov64(.r0, 0), .exit,
      ]
    let grown = try output(grow, type: .classifierType, [packet], engine: engine)
    #expect(grown.map(\.data) == [[UInt8](repeating: 0, count: 16000) + packet])
  }

  @Test("which values let a packet pass depends on the type", arguments: engines)
  func dispositions(engine: LoadOptions.Engine) throws {
    let packet = [UInt8](repeating: 2, count: 12) + [8, 0, 0x45] + [UInt8](repeating: 0, count: 40)
    let passing: [(type: UInt32, passes: [Int32], drops: [Int32])] = [
      (6, [2, 3], [0, 1, 4, 5, -1]), (3, [-1, 0, 1, 3, 5, 6, 9], [2, 4, 7, 8]), (8, [1, 3], [0, 2]), (10, [0, 128], [1, 2, 7, -1]),
      (1, [100, -1], [0]),
    ]
    for (type, passes, drops) in passing {
      for (values, count) in [(passes, 1), (drops, 0)] {
        for value in values {
          let results = try output([.mov64(.r0, value), .exit], type: ProgramType(rawValue: type), [packet], engine: engine)
          #expect(results.count == count, "type \(type), \(value)")
          if let result = results.first { #expect(result.data == packet) }
        }
      }
    }
  }

  @Test("a program of a cgroup sees the packet from its network header on, and its addresses", arguments: engines)
  func networkLayer(engine: LoadOptions.Engine) throws {
    let packet = [UInt8](repeating: 2, count: 12) + [8, 0, 0x45] + [UInt8](repeating: 0, count: 11) + [10, 0, 0, 1, 10, 0, 0, 2]
    func value(_ offset: Int16) throws -> UInt32? {
      try load([.load(.w, .r0, .r1, offset), .exit], type: ProgramType(rawValue: 8), engine: engine).programs[0]
        .run(over: Self.capture([packet])).actions.first?.action
    }
    #expect(try value(0) == 20)
    #expect(try value(88) == 2)
    #expect(try value(96) == 0x0100_000a)
    #expect(try value(92) == 0x0200_000a)
  }

  @Test("a packet for all devices of a map is there for each but its own", arguments: engines)
  func broadcast(engine: LoadOptions.Engine) throws {
    let program = Instruction.map(.r1, index: 0) + [.mov64(.r2, 0), .mov64(.r3, 8 | 16), .call(51), .exit]
    let contents = [(0, 7), (2, 1), (3, 9)].map { MapSpec.Entry(key: [UInt8($0), 0, 0, 0], value: .bytes([UInt8($1), 0, 0, 0])) }
    let devices = MapSpec(name: "devices", type: .devmap, keySize: 4, valueSize: 4, maxEntries: 8, contents: contents)
    var options = ReplayOptions()
    options.keepsOutput = true
    let loaded = try load(program, type: .xdpType, engine: engine, maps: [devices])
    let packet = [UInt8](0..<60)
    let output = try loaded.programs[0].run(over: Self.capture([packet]), options: options).output
    #expect(output.map(\.interface) == [7, 9])
    #expect(output.allSatisfy { $0.data == packet })
    let one = Instruction.map(.r1, index: 0) + [.mov64(.r2, 3), .mov64(.r3, 0), .call(51), .exit]
    let redirected = try load(one, type: .xdpType, engine: engine, maps: [devices])
    #expect(try redirected.programs[0].run(over: Self.capture([packet]), options: options).output.map(\.interface) == [9])
    let absent = Instruction.map(.r1, index: 0) + [.mov64(.r2, 5), .mov64(.r3, 2), .call(51), .exit]
    let passed = try load(absent, type: .xdpType, engine: engine, maps: [devices])
    #expect(try passed.programs[0].run(over: Self.capture([packet]), options: options).output.map(\.interface) == [nil])
  }
}
