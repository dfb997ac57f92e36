import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// Translated classic programs return what a direct evaluation of the classic program does.
@Suite struct ClassicTranslationTests {
  static let engines = LoadOptions.Engine.allCases

  /// What both sides know of a packet.
  static let ancillary: [ClassicAncillary: UInt32] = [
    .protocol: 0x0800, .packetType: 3, .interface: 577, .mark: 0x1234_aaaa, .queue: 123, .hash: 0x1234_aaab, .vlanTag: 0xffff,
    .vlanTagPresent: 1, .vlanProtocol: 0x88a8, .hardwareType: 1,
  ]
  static let fields: [Int: UInt32] = [
    4: 3, 8: 0x1234_aaaa, 12: 123, 16: 0x0008, 20: 1, 24: 0xffff, 28: 0xa888, 40: 577, 68: 0x1234_aaab,
  ]

  /// Loads a translation, proved: what is translated must be provable.
  static func load(_ program: ClassicProgram, _ dialect: ClassicDialect, _ engine: LoadOptions.Engine) throws -> Loaded {
    let translated = try program.translated(.init(dialect: dialect, hardwareType: 1))
    _ = try ProgramStructure(checking: translated)
    var options = LoadOptions()
    options.engine = engine
    let spec = ProgramSpec(name: "classic", type: .socketFilterType, instructions: translated)
    return try UserspaceHost().load(ObjectSpec(programs: [spec]), options: options)
  }

  static func image(_ packet: ClassicEvaluator.Packet, _ fields: [Int: UInt32]) -> SocketBufferImage {
    SocketBufferImage(
      data: packet.bytes, linkHeader: packet.linkHeader, networkHeader: packet.networkHeader,
      missing: Int(packet.length) - packet.bytes.count, fields: fields)
  }

  @Test(arguments: engines, [ClassicDialect.linux, .libpcap])
  func randomPrograms(engine: LoadOptions.Engine, dialect: ClassicDialect) throws {
    let seed: UInt64 = 20251125
    var generator = ClassicGenerator(seed: seed)
    let asked = dialect == .linux ? Array(Self.ancillary.keys.sorted { $0.rawValue < $1.rawValue }) + [.xorX] : []
    var results: Set<UInt32> = []
    var used: Set<UInt16> = []
    for number in 0..<3000 {
      let program = generator.valid(count: 2 + number % 60, ancillary: asked, length: 64)
      for instruction in program.instructions { used.insert(instruction.code) }
      let loaded = try Self.load(program, dialect, engine)
      defer { loaded.close() }
      for count in [0, 14, 33, 64, 64, 80] {
        var packet = ClassicEvaluator.Packet((0..<count).map { _ in UInt8(truncatingIfNeeded: generator.random.next()) }, length: count + 9)
        packet.networkHeader = min(count, 14)
        packet.ancillary = Self.ancillary
        let expected = ClassicEvaluator(dialect).run(program, on: packet)
        let result = try loaded.programs[0].run(on: Self.image(packet, Self.fields))
        guard UInt32(truncatingIfNeeded: result) == expected else {
          Issue.record(
            "seed \(seed), program \(number), \(count) bytes: \(result), expected \(String(describing: expected))\n\(program.listing)")
          return
        }
        results.insert(UInt32(truncatingIfNeeded: result))
      }
    }
    #expect(used.count == ClassicOperation.all.count)
    #expect(results.count > 1000)
  }

  @Test("netlink attributes are found by type, nested ones too", arguments: engines)
  func netlinkAttributes(engine: LoadOptions.Engine) throws {
    // Types 1 (5 bytes, padded), 3 (nested: 7 and 0x8009, whose upper bits are flags), 2; then one whose length leads over the end.
    let inner: [UInt8] = [8, 0, 7, 0, 1, 2, 3, 4, 6, 0, 9, 0x80, 1, 2, 0, 0]
    let bytes: [UInt8] = [9, 0, 1, 0, 1, 2, 3, 4, 5, 0, 0, 0, 20, 0, 3, 0] + inner + [4, 0, 2, 0, 90, 0, 5, 0, 1]
    var found: Set<UInt32> = []
    for ancillary in [ClassicAncillary.netlinkAttribute, .nestedAttribute] {
      for start in [0, 12, 16, 24, 32, 36, 37, 1, .max] as [UInt32] {
        for type in [1, 2, 3, 5, 7, 9, 0, 0x8009] as [UInt32] {
          let program = ClassicProgram([
            ClassicInstruction(.loadXConstant, k: type), ClassicInstruction(.loadConstant, k: start),
            ClassicInstruction(.loadAbsolute(.w), k: ancillary.offset), ClassicInstruction(.returnA),
          ])
          let loaded = try Self.load(program, .linux, engine)
          defer { loaded.close() }
          for packet in [bytes, [], [4, 0, 1]].map({ ClassicEvaluator.Packet($0) }) {
            let result = try loaded.programs[0].run(on: Self.image(packet, [:]))
            #expect(UInt32(result) == ClassicEvaluator().run(program, on: packet), "\(ancillary), type \(type) from \(start)")
            found.insert(UInt32(result))
          }
        }
      }
    }
    #expect(found == [0, 12, 16, 24, 32])
  }

  @Test("an interface that is not there ends the filter with A", arguments: engines)
  func noInterface(engine: LoadOptions.Engine) throws {
    let program = ClassicProgram([
      ClassicInstruction(.loadConstant, k: 77), ClassicInstruction(.loadAbsolute(.w), k: ClassicAncillary.interface.offset),
      ClassicInstruction(.loadConstant, k: 5), ClassicInstruction(.returnA),
    ])
    let loaded = try Self.load(program, .linux, engine)
    #expect(try loaded.programs[0].run(on: SocketBufferImage(data: [1])) == 77)
    #expect(try loaded.programs[0].run(on: SocketBufferImage(data: [1], fields: [40: 1])) == 5)
  }

  @Test("the longest programs, and the longest jumps", arguments: engines)
  func longest(engine: LoadOptions.Engine) throws {
    // Every division takes four slots, so the jump from the first to the last instruction is over 16 bits of distance in slots or close to it.
    for middle in [ClassicOperation.arithmetic(.div, .x), .loadXHeaderLength, .arithmetic(.mod, .x)] {
      var instructions = [ClassicInstruction(.loadLength), ClassicInstruction(.branch(.eq, .k), k: 1, jumpTrue: 0, jumpFalse: 1)]
      instructions.append(ClassicInstruction(.jump, k: 4096 - 4))
      instructions += Array(repeating: ClassicInstruction(middle), count: 4096 - 4)
      instructions.append(ClassicInstruction(.returnA))
      let program = ClassicProgram(instructions)
      #expect(program.instructions.count == 4096)
      let loaded = try Self.load(program, .linux, engine)
      for bytes in [[7], [7, 7]] as [[UInt8]] {
        let packet = ClassicEvaluator.Packet(bytes)
        let expected = ClassicEvaluator(.linux).run(program, on: packet)
        #expect(try loaded.programs[0].run(on: Self.image(packet, [:])) == expected.map(UInt64.init))
      }
    }
  }

  @Test("a chain of IPv6 headers is followed backward through the program, and ends with the packet", arguments: engines)
  func protochain(engine: LoadOptions.Engine) throws {
    // tcpdump -ddd 'ip6 protochain 6', libpcap 1.10.3.
    let program = try ClassicProgram(
      decimalText: """
        36
        40 0 0 12
        21 0 33 34525
        48 0 0 20
        1 0 0 40
        21 27 0 6
        21 0 0 59
        21 3 0 0
        21 2 0 60
        21 1 0 43
        21 0 9 44
        80 0 0 14
        2 0 0 0
        80 0 0 15
        4 0 0 1
        36 0 0 8
        12 0 0 0
        7 0 0 0
        96 0 0 0
        5 0 0 4294967281
        21 0 12 51
        135 0 0 0
        80 0 0 14
        2 0 0 0
        135 0 0 0
        4 0 0 1
        7 0 0 0
        80 0 0 14
        4 0 0 2
        36 0 0 4
        7 0 0 0
        96 0 0 0
        5 0 0 4294967268
        4 0 0 0
        21 0 1 6
        6 0 0 262144
        6 0 0 0
        """)
    #expect(throws: ClassicError(.jumpOutOfRange, at: 18, "a jump to 4294967300; the program has the instructions 0 to 35")) {
      try program.check()
    }
    let loaded = try Self.load(program, .libpcap, engine)
    var found = 0
    for headers in 0..<300 {
      for last in [6, 17] as [UInt8] {
        let next: UInt8 = headers == 0 ? last : 0
        var bytes: [UInt8] = [UInt8](repeating: 2, count: 12) + [0x86, 0xdd, 0x60] + [0, 0, 0, 0, 0] + [next, 64]
        bytes += [UInt8](repeating: 1, count: 32)
        for header in 0..<headers { bytes += [header == headers - 1 ? last : [0, 60, 43, 44][header % 4], 0] + [0, 0, 0, 0, 0, 0] }
        bytes += [UInt8](repeating: 0, count: headers % 3)
        let packet = ClassicEvaluator.Packet(bytes)
        let expected = ClassicEvaluator(.libpcap).run(program, on: packet)
        let result = try loaded.programs[0].run(on: Self.image(packet, [:]))
        #expect(UInt32(truncatingIfNeeded: result) == expected, "\(headers) headers, protocol \(last)")
        if result != 0 { found += 1 }
      }
    }
    #expect(found == 300)
  }
}
