import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// What a test run puts into the context, gives back of it and refuses of it: the kernel's answers and this process's are equal.
@Suite("Contexts, against the kernel's", .needsKernel)
struct ContextDifferentialTests {
  private func load(_ host: any Host, _ type: ProgramType, _ instructions: [Instruction]) throws(HostError) -> Loaded {
    var options = LoadOptions()
    if host is UserspaceHost {
      options.verification = .unchecked
      options.engine = .interpreter
    }
    let spec = ProgramSpec(name: "context", type: type, instructions: instructions)
    return try host.load(ObjectSpec(programs: [spec], license: "GPL"), options: options)
  }

  /// Every field of `struct __sk_buff` that the kernel lets a program read, one program a field.
  @Test(arguments: [UInt32(1), 3, 4, 8, 10, 11])
  func socketBufferFields(type: UInt32) throws {
    let type = ProgramType(rawValue: type)
    let layout = try #require(ContextLayout.find(type))
    var random = SeededGenerator(seed: 0x5eed_0101)
    let packets = (0..<12).map { _ in TestPacket.random(using: &random) }
    var read = 0
    for field in layout.fields where !["data", "data_end", "data_meta", "flow_keys", "sk", "hwtstamp"].contains(field.name) {
      for offset in stride(from: field.offset, to: field.offset + field.size, by: field.size == 8 ? 8 : 4) {
        let size: MemorySize = field.size == 8 ? .dw : field.size == 1 ? .b : .w
        guard layout.load(at: offset, size: field.size == 8 ? 8 : field.size == 1 ? 1 : 4) == .scalar else { continue }
        var code: [Instruction] = [.load(size, .r0, .r1, Int16(offset))]
        // A cgroup's program returns 0 or 1: the field goes to its cb.
        code += [.store(.w, .r1, 48, .r0), .mov64(.r0, 0), .exit]
        let kernel = try load(KernelHost(), type, code)
        defer { kernel.close() }
        let here = try load(UserspaceHost(), type, code)
        defer { here.close() }
        read += 1
        for (index, packet) in packets.enumerated() {
          for context in [[UInt8](repeating: 0, count: 192), SocketContext.random(using: &random, packet.count)] {
            let input = TestInput(data: packet, context: context)
            let expected = try kernel.programs[0].run(input)
            let result = try here.programs[0].run(input)
            let isEqual = result.context == expected.context
            #expect(isEqual, "\(field.name) + \(offset - field.offset), packet \(index)")
          }
        }
      }
    }
    #expect(read > 15)
  }

  /// What callers may not set, and lengths that are none.
  @Test func refusedContexts() throws {
    let code: [Instruction] = [.mov64(.r0, 0), .exit]
    let kernel = try load(KernelHost(), ProgramType(rawValue: 3), code)
    defer { kernel.close() }
    let here = try load(UserspaceHost(), ProgramType(rawValue: 3), code)
    defer { here.close() }
    let packet = [UInt8](repeating: 0, count: 64)
    func bothRefuse(_ input: TestInput) -> (kernel: Bool, here: Bool) {
      var answers = (kernel: false, here: false)
      do throws(HostError) { _ = try kernel.programs[0].run(input) } catch { answers.kernel = true }
      do throws(HostError) { _ = try here.programs[0].run(input) } catch { answers.here = true }
      return answers
    }
    for index in 0..<192 {
      var context = [UInt8](repeating: 0, count: 192)
      context[index] = 1
      // Interfaces of other numbers are there or not; here all are.
      if (40..<44).contains(index) { continue }
      let answers = bothRefuse(TestInput(data: packet, context: context))
      #expect(answers.kernel == answers.here, "byte \(index): the kernel \(answers.kernel ? "refuses" : "takes") it")
    }
    // An IP packet without its whole header.
    for (type, count) in [(UInt8(0x08), 33), (0x08, 34), (0x86, 53), (0x86, 54)] {
      var short = [UInt8](repeating: 0, count: count)
      short[12] = type
      short[13] = type == 0x86 ? 0xdd : 0
      let answers = bothRefuse(TestInput(data: short))
      #expect(answers.kernel == answers.here, "\(count) bytes")
    }
    for count in [0, 1, 13, 14, 15] {
      let answers = bothRefuse(TestInput(data: [UInt8](repeating: 0, count: count)))
      #expect(answers.kernel == answers.here, "\(count) bytes")
    }
  }

  /// Fields that programs see with 32 bits and that have 16: what is stored comes back as the kernel gives it back.
  @Test(arguments: [Int16(12), 44, 72])
  func fieldsOf16Bits(offset: Int16) throws {
    var stores: [[Instruction]] = []
    for value: Int32 in [0, 1, 0x7fff, 0xfffe, 0xffff, 0x10000, 0x1_2345, .max, -1, -2, .min, -0x10000] {
      stores.append([.store(.w, .r1, offset, value)])
      stores.append([.mov32(.r2, value), .store(.w, .r1, offset, .r2)])
      stores.append([.mov64(.r2, value), .store(.w, .r1, offset, .r2)])
    }
    stores.append(Instruction.wide(.r2, 0x7_0000_0005) + [.store(.w, .r1, offset, .r2)])
    for store in stores {
      // What was there before is 7, so that a store that is left out shows.
      let code = [.store(.w, .r1, offset, 7)] + store + [.load(.w, .r0, .r1, offset), .exit]
      let object = ObjectSpec(programs: [ProgramSpec(name: "p", type: .schedCls, instructions: code)], license: "GPL")
      let input = TestInput(data: [UInt8](repeating: 0, count: 64))
      let kernel = try KernelHost().load(object)
      defer { kernel.close() }
      let expected = try kernel.programs[0].run(input).returnValue
      for engine in LoadOptions.Engine.allCases {
        var options = LoadOptions()
        options.engine = engine
        let here = try UserspaceHost().load(object, options: options)
        defer { here.close() }
        let result = try here.programs[0].run(input).returnValue
        #expect(UInt32(truncatingIfNeeded: result) == UInt32(truncatingIfNeeded: expected), "\(engine), \(store)")
      }
    }
  }

  @Test func xdpFields() throws {
    let type = ProgramType(rawValue: 6)
    for offset: Int16 in [12, 16] {
      let code: [Instruction] = [.load(.w, .r0, .r1, offset), .exit]
      let kernel = try load(KernelHost(), type, code)
      defer { kernel.close() }
      let here = try load(UserspaceHost(), type, code)
      defer { here.close() }
      for interface: UInt8 in [0, 1] {
        var context = [UInt8](repeating: 0, count: 24)
        context[4] = 64
        context[12] = interface
        let input = TestInput(data: [UInt8](repeating: 0, count: 64), context: context)
        let expected = try kernel.programs[0].run(input)
        let result = try here.programs[0].run(input)
        #expect(result.returnValue == expected.returnValue)
        #expect(result.context == expected.context)
      }
    }
  }

  /// Contexts that are given as bytes: too short for what the program accesses, just long enough, and too long.
  @Test(arguments: [ProgramType.syscall, .rawTracepoint], [UInt32(0), 0x10])
  func contextSizes(type: ProgramType, flags: UInt32) throws {
    // Programs of type syscall sleep, the others do not.
    guard (type == .syscall) == (flags != 0) else { return }
    let programs: [[Instruction]] = [
      [.mov64(.r0, 0), .exit],
      [.load(.dw, .r0, .r1, 16), .mov64(.r0, 3), .exit],
      // Two paths of which one accesses nothing.
      [.mov64(.r0, 0), .load(.dw, .r2, .r1, 0), .jump(.eq, .r2, 1, 1), .exit, .load(.dw, .r2, .r1, 80), .exit],
      // A load whose value nobody needs still counts.
      [.load(.dw, .r2, .r1, 88), .mov64(.r0, 0), .exit],
    ]
    for (number, code) in programs.enumerated() {
      var spec = ProgramSpec(name: "context", type: type, instructions: code)
      spec.loadFlags = flags
      let object = ObjectSpec(programs: [spec], license: "GPL")
      let kernel = try KernelHost().load(object)
      defer { kernel.close() }
      for engine in LoadOptions.Engine.allCases {
        var options = LoadOptions()
        options.engine = engine
        let here = try UserspaceHost().load(object, options: options)
        defer { here.close() }
        for count in [0, 1, 7, 8, 16, 23, 24, 25, 80, 87, 88, 95, 96, 97, 192, 65535, 65536] {
          func answer(_ loaded: Loaded) -> Int32 {
            do throws(HostError) {
              _ = try loaded.programs[0].run(TestInput(context: [UInt8](repeating: 0, count: count)))
              return 0
            } catch { return error.errno }
          }
          let (expected, result) = (answer(kernel), answer(here))
          #expect(result == expected, "program \(number), \(count) bytes")
        }
      }
    }
  }
}

/// Contexts of test runs with what callers may set.
private enum SocketContext {
  static func random(using random: inout SeededGenerator, _ packetLength: Int) -> [UInt8] {
    var context = [UInt8](repeating: 0, count: 192)
    func set(_ range: Range<Int>) {
      for index in range { context[index] = UInt8.random(in: 0...255, using: &random) }
    }
    set(8..<12)
    set(32..<40)
    set(48..<68)
    set(152..<160)
    set(164..<166)
    set(176..<178)
    set(184..<192)
    let wireLength = packetLength + Int.random(in: 0...500, using: &random)
    context[160] = UInt8(truncatingIfNeeded: wireLength)
    context[161] = UInt8(truncatingIfNeeded: wireLength >> 8)
    return context
  }
}
