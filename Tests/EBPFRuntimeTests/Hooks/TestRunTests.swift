import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

@Suite("Test runs")
struct TestRunTests {
  /// r2 = data, r3 = data_end, and out with `otherwise` where there are not `count` bytes.
  static func packetAccess(_ count: Int32, otherwise: Int32 = 0, data: Int16 = 0, end: Int16 = 4) -> [Instruction] {
    [
      .load(.w, .r2, .r1, data), .load(.w, .r3, .r1, end), .mov64(.r4, .r2), .add64(.r4, count),
      .jump(.le, .r4, .r3, 2), .mov64(.r0, otherwise), .exit,
    ]
  }

  @Test("an XDP program reads and writes its packet through 32-bit addresses", arguments: engines)
  func xdp(engine: LoadOptions.Engine) throws {
    let program = Self.packetAccess(14) + [.load(.b, .r0, .r2, 13), .store(.b, .r2, 0, 0x55), .exit]
    let loaded = try load(program, type: .xdpType, engine: engine)
    let result = try loaded.programs[0].run(TestInput(data: [UInt8](0..<64)))
    #expect(result.returnValue == 13)
    #expect(result.data == [0x55] + [UInt8](1..<64))
    #expect(try loaded.programs[0].run(TestInput(data: [UInt8](0..<13))).returnValue == 0)
  }

  @Test("metadata before the packet comes from the context and goes back into it", arguments: engines)
  func xdpMetadata(engine: LoadOptions.Engine) throws {
    // r0 = data - data_meta
    let program: [Instruction] = [.load(.w, .r0, .r1, 0), .load(.w, .r2, .r1, 8), .alu64(.sub, .r0, .r2), .exit]
    let loaded = try load(program, type: .xdpType, engine: engine)
    var context = [UInt8](repeating: 0, count: 24)
    context[0] = 8
    context[4] = 40
    let result = try loaded.programs[0].run(TestInput(data: [UInt8](0..<40), context: context))
    #expect(result.returnValue == 8)
    #expect(result.context == context)
    #expect(result.data == [UInt8](0..<40))
    context[0] = 7
    #expect(throws: HostError.self) { try loaded.programs[0].run(TestInput(data: [UInt8](0..<40), context: context)) }
  }

  @Test("a classifier sees the link header, a socket filter does not", arguments: engines)
  func socketBuffer(engine: LoadOptions.Engine) throws {
    var packet = [UInt8](repeating: 0xee, count: 60)
    packet[12] = 0x08
    packet[13] = 0x06
    let length: [Instruction] = [.load(.w, .r0, .r1, 0), .exit]
    let networkProtocol: [Instruction] = [.load(.w, .r0, .r1, 16), .exit]
    for (type, bytes) in [(ProgramType.classifierType, 60), (.socketFilterType, 46)] {
      #expect(try load(length, type: type, engine: engine).programs[0].run(TestInput(data: packet)).returnValue == UInt64(bytes))
      #expect(try load(networkProtocol, type: type, engine: engine).programs[0].run(TestInput(data: packet)).returnValue == 0x0608)
    }
    let filtered = try load(length, type: .socketFilterType, engine: engine).programs[0].run(TestInput(data: packet))
    #expect(filtered.data == [UInt8](repeating: 0, count: 14) + packet[14...])
    #expect(throws: HostError.self) { try load(length, type: .classifierType).programs[0].run(TestInput(data: [1, 2, 3])) }
  }

  @Test("LD_ABS and LD_IND count from data, the network header or the link header", arguments: engines)
  func packetLoads(engine: LoadOptions.Engine) throws {
    var packet = [UInt8](0..<64)
    packet[12] = 0x08
    packet[13] = 0x00
    func value(_ load: Instruction, index: Int32 = 0, type: ProgramType = .socketFilterType) throws -> UInt64 {
      let program: [Instruction] = [.mov64(.r6, .r1), .mov64(.r0, 99), .mov64(.r7, index), load, .exit]
      return try EBPFRuntimeTests.load(program, type: type, engine: engine).programs[0].run(TestInput(data: packet)).returnValue
    }
    #expect(try value(.loadAbsolute(.h, 0)) == 0x0e0f)
    #expect(try value(.loadAbsolute(.h, 12), type: .classifierType) == 0x0800)
    #expect(try value(.loadIndirect(.w, .r7, 2), index: 4) == 0x1415_1617)
    #expect(try value(.loadAbsolute(.b, -0x100000 + 1)) == 15)
    #expect(try value(.loadAbsolute(.h, -0x200000 + 12)) == 0x0800)
    // The last byte, the one behind it, and a negative offset that is none of the two bases: the program ends with 0.
    #expect(try value(.loadAbsolute(.b, 49)) == 63)
    #expect(try value(.loadAbsolute(.b, 50)) == 0)
    #expect(try value(.loadAbsolute(.w, 47)) == 0)
    #expect(try value(.loadAbsolute(.b, -0x300000)) == 0)
    #expect(try value(.loadIndirect(.b, .r7, 0), index: -1) == 0)
  }

  @Test("fields of struct __sk_buff that a caller may set reach the program and come back", arguments: engines)
  func socketBufferContext(engine: LoadOptions.Engine) throws {
    // mark += 1, cb[0] = mark
    let program: [Instruction] = [
      .load(.w, .r2, .r1, 8), .add64(.r2, 1), .store(.w, .r1, 8, .r2), .store(.w, .r1, 48, .r2), .load(.w, .r0, .r1, 160),
      .exit,
    ]
    let loaded = try load(program, type: .classifierType, engine: engine)
    var context = [UInt8](repeating: 0, count: 192)
    context[8] = 41
    let result = try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 1, count: 60), context: context))
    #expect(result.returnValue == 60)
    #expect(result.context[8] == 42)
    #expect(result.context[48] == 42)
    context[4] = 1
    #expect(throws: HostError.self) { try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 1, count: 60), context: context)) }
  }

  @Test("a closed program refuses")
  func closed() throws {
    let loaded = try load([.mov64(.r0, 0), .exit])
    loaded.close()
    let error = #expect(throws: HostError.self) { try loaded.programs[0].run(TestInput()) }
    #expect(error?.code == .closed)
  }
}
