import EBPFCapture
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What helpers do that the kernel's answers do not show: EBPFKernelTests compares the rest.
@Suite("Helpers")
struct HelperTests {
  @Test("a helper that is not here is one error with its name", arguments: engines)
  func absent(engine: LoadOptions.Engine) throws {
    let error = #expect(throws: HostError.self) {
      try load([.mov64(.r1, 9), .call(109), .exit], type: ProgramType(rawValue: 17), engine: engine)
    }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains("bpf_send_signal") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("instruction 1") == true)
  }

  @Test("the task is this thread", arguments: engines)
  func task(engine: LoadOptions.Engine) throws {
    let identity = try run([.call(14), .exit], engine: engine).returnValue
    #expect(identity >> 32 == UInt64(getpid()))
    #expect(try run([.call(15), .exit], engine: engine).returnValue == UInt64(getgid()) << 32 | UInt64(getuid()))
    // The name, cut to 4 bytes, lies before zeros in the memory.
    let name: [Instruction] = [.mov64(.r6, .r1), .mov64(.r2, 4), .call(16), .exit]
    let result = try run(name, on: [UInt8](repeating: 0xff, count: 8), engine: engine)
    #expect(result.returnValue == 0)
    #expect(result.data[3] == 0)
    #expect(Array(result.data[4...]) == [0xff, 0xff, 0xff, 0xff])
    #expect(result.data[0] != 0xff)
  }

  @Test("random numbers differ from call to call", arguments: engines)
  func random(engine: LoadOptions.Engine) throws {
    var seen: Set<UInt64> = []
    for _ in 0..<100 { seen.insert(try run([.call(7), .exit], engine: engine).returnValue) }
    #expect(seen.count > 98)
    #expect(seen.allSatisfy { $0 <= UInt64(UInt32.max) })
  }

  @Test("a traced line reaches the receiver without its newline", arguments: engines)
  func trace(engine: LoadOptions.Engine) throws {
    let lines = Mutex<[String]>([])
    var options = LoadOptions()
    options.trace = { line in lines.withLock { $0.append(line) } }
    let format = Array("port %d of %s\n\0name\0".utf8)
    // r1 = the format, r3 = 443, r4 = the name behind the format
    let program: [Instruction] = [
      .mov64(.r4, .r1), .add64(.r4, 15), .mov64(.r2, 15), .mov64(.r3, 443), .mov64(.r5, 0), .call(6), .exit,
    ]
    let loaded = try load(program, engine: engine, options: options)
    let result = try loaded.programs[0].run(TestInput(data: format))
    #expect(result.returnValue == 17)
    #expect(lines.withLock { $0 } == ["port 443 of name"])
    // Without its zero it is no format.
    #expect(try loaded.programs[0].run(TestInput(data: Array("no zero at the end".utf8))).returnValue == UInt64(bitPattern: -22))
    #expect(lines.withLock { $0.count } == 1)
  }

  @Test("reads of memory that is not there are an error and zeros", arguments: engines)
  func probes(engine: LoadOptions.Engine) throws {
    for helper: Int32 in [4, 45, 112, 113, 114, 115, 148] {
      for address in [UInt64(0), 8, 0xffff_ffff_ffff_fff0, 0xffff_8000_0000_0000, 1 << 62] {
        let program = [.mov64(.r6, .r1)] + Instruction.wide(.r3, address) + [.mov64(.r2, 8), .call(helper), .exit]
        let result = try run(program, on: [UInt8](repeating: 7, count: 10), engine: engine)
        // Reads of the kernel's memory, and those of either where the address is no process's, tell apart what is no address of the kernel's.
        let isKernels = [113, 115].contains(helper) || [4, 45].contains(helper) && address >= 1 << 47
        let isRange = isKernels && address < 0xffff_8000_0000_0000
        #expect(result.returnValue == UInt64(bitPattern: isRange ? -34 : -14), "helper \(helper) at \(address)")
        #expect(result.data == [0, 0, 0, 0, 0, 0, 0, 0, 7, 7])
      }
    }
    // The memory itself: bytes 8... to bytes 0...
    let source = Array("........text".utf8) + [0, 1, 2, 3]
    let copy: [Instruction] = [.mov64(.r3, .r1), .add64(.r3, 8), .mov64(.r2, 6), .call(4), .exit]
    #expect(try run(copy, on: source, engine: engine).data == Array("text\0\u{1}..text\0\u{1}\u{2}\u{3}".utf8))
    let text: [Instruction] = [.mov64(.r3, .r1), .add64(.r3, 8), .mov64(.r2, 8), .call(45), .exit]
    let result = try run(text, on: source, engine: engine)
    #expect(result.returnValue == 5)
    #expect(result.data == Array("text\0...text\0\u{1}\u{2}\u{3}".utf8))
    let cut: [Instruction] = [.mov64(.r3, .r1), .add64(.r3, 8), .mov64(.r2, 3), .call(45), .exit]
    #expect(try run(cut, on: source, engine: engine).returnValue == 3)
    #expect(try run(cut, on: source, engine: engine).data.prefix(4) == [0x74, 0x65, 0, 0x2e])
  }

  @Test("a string that ends at the end of mapped memory is read, one that goes on is not", arguments: engines)
  func probeAtTheEdge(engine: LoadOptions.Engine) throws {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let memory = try #require(mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    defer { munmap(memory, 2 * page) }
    mprotect(memory + page, page, PROT_NONE)
    memory.initializeMemory(as: UInt8.self, repeating: 0x61, count: page)
    func read(_ back: Int, size: Int32) throws -> UInt64 {
      let start = UInt64(UInt(bitPattern: memory + page - back))
      return try run(
        Instruction.wide(.r3, start) + [.mov64(.r2, size), .call(45), .exit], on: [UInt8](repeating: 0, count: 64), engine: engine
      )
      .returnValue
    }
    #expect(try read(20, size: 64) == UInt64(bitPattern: -14))
    #expect(try read(20, size: 20) == 20)
    memory.storeBytes(of: 0, toByteOffset: page - 1, as: UInt8.self)
    #expect(try read(20, size: 64) == 20)
  }

  @Test("helpers of packets refuse where there is none", arguments: engines)
  func withoutPacket(engine: LoadOptions.Engine) throws {
    for helper: Int32 in [9, 10, 11, 31, 32, 38, 39, 43, 44, 50, 54, 65, 189, 190] {
      let program: [Instruction] = [
        .mov64(.r2, 0), .mov64(.r3, .r1), .mov64(.r4, 4), .mov64(.r5, 0), .call(helper), .exit,
      ]
      let result = try run(program, on: [1, 2, 3, 4], engine: engine)
      #expect(Int64(bitPattern: result.returnValue) < 0, "helper \(helper)")
      #expect(result.data == [1, 2, 3, 4])
    }
  }

  @Test("a hash is of the flow, in either direction, until the program sets one", arguments: engines)
  func flowHash(engine: LoadOptions.Engine) throws {
    func packet(_ source: [UInt8], _ destination: [UInt8], _ ports: [UInt8]) -> [UInt8] {
      [UInt8](repeating: 2, count: 12) + [8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0] + source + destination + ports
        + [UInt8](repeating: 0, count: 16)
    }
    let loaded = try load([.call(34), .exit], type: .classifierType, engine: engine)
    func hash(_ packet: [UInt8]) throws -> UInt64 { try loaded.programs[0].run(TestInput(data: packet)).returnValue }
    let there = try hash(packet([10, 0, 0, 1], [10, 0, 0, 2], [0x12, 0x34, 0, 80]))
    #expect(there != 0)
    #expect(try hash(packet([10, 0, 0, 2], [10, 0, 0, 1], [0, 80, 0x12, 0x34])) == there)
    #expect(try hash(packet([10, 0, 0, 1], [10, 0, 0, 2], [0x12, 0x35, 0, 80])) != there)
    let set: [Instruction] = [.mov64(.r6, .r1), .mov64(.r2, 77), .call(48), .mov64(.r1, .r6), .call(34), .exit]
    #expect(try load(set, type: .classifierType, engine: engine).programs[0].run(TestInput(data: packet([], [], []))).returnValue == 77)
  }

  @Test("an ACK of a cookie is taken, of anything else it is not", arguments: engines)
  func synCookies(engine: LoadOptions.Engine) throws {
    for (make, check, header) in [(Int32(204), Int32(206), 20), (205, 207, 40)] {
      var packet = (0..<header).map { UInt8($0) } + [0, 80, 1, 2, 0, 0, 0, 9, 0, 0, 0, 0, 0x50] + [UInt8](repeating: 0, count: 7)
      let generate: [Instruction] = [.mov64(.r2, .r1), .add64(.r2, Int32(header)), .mov64(.r3, 20), .call(make), .exit]
      let made = try run(generate, on: packet, engine: engine).returnValue
      #expect(made >> 32 == (header == 20 ? 536 : 1220))
      let accept: [Instruction] = [.mov64(.r2, .r1), .add64(.r2, Int32(header)), .call(check), .exit]
      // The client's next packet: its sequence number one on, the cookie acknowledged.
      packet[header + 7] = 10
      for step in [UInt32(1), 0x0500_0001] {
        let number = (UInt32(truncatingIfNeeded: made) &+ step).bigEndian
        withUnsafeBytes(of: number) { packet.replaceSubrange(header + 8..<header + 12, with: $0) }
        let expected: UInt64 = step == 1 ? 0 : UInt64(bitPattern: -13)
        #expect(try run(accept, on: packet, engine: engine).returnValue == expected, "\(step)")
      }
      packet[header] ^= 1
      #expect(try run(accept, on: packet, engine: engine).returnValue == UInt64(bitPattern: -13))
    }
  }

  @Test("events reach the host, with the packet's bytes behind the program's", arguments: engines)
  func events(engine: LoadOptions.Engine) throws {
    let map = MapSpec(name: "events", type: .perfEventArray, keySize: 4, valueSize: 4, maxEntries: 0)
    // r3 = the flags in the packet's first word; the program's own bytes are 5 of its stack.
    let program: [Instruction] =
      [
        .mov64(.r6, .r1), .store(.dw, .r10, -16, 0x0403_0201), .mov64(.r2, 0), .mov64(.r3, .r10), .add64(.r3, -8), .mov64(.r4, 8),
        .call(189),
        .mov64(.r1, .r6),
      ] + Instruction.map(.r2, index: 0) + [
        .load(.dw, .r3, .r10, -8), .mov64(.r4, .r10), .add64(.r4, -16), .mov64(.r5, 5), .call(25), .exit,
      ]
    let loaded = try load(program, type: .xdpType, engine: engine, maps: [map])
    func output(_ flags: UInt64) throws -> UInt64 {
      let words = (0..<8).map { UInt8(truncatingIfNeeded: flags >> (8 * UInt64($0))) }
      return try loaded.programs[0].run(TestInput(data: words + [UInt8](8..<20))).returnValue
    }
    #expect(try output(0xffff_ffff) == 0)
    #expect(try output(12 << 32 | 0xffff_ffff) == 0)
    #expect(try output(21 << 32 | 0xffff_ffff) == UInt64(bitPattern: -14))
    #expect(try output(1 << 60 | 0xffff_ffff) == UInt64(bitPattern: -22))
    #expect(try output(0x7fff_ffff) == UInt64(bitPattern: -7))
    var records: [[UInt8]] = []
    #expect(try loaded.maps[0].drain { records.append([UInt8]($0)) } == 2)
    #expect(records == [[1, 2, 3, 4, 0], [1, 2, 3, 4, 0, 0xff, 0xff, 0xff, 0xff, 12, 0, 0, 0, 8, 9, 10, 11]])
    #expect(try loaded.maps[0].drain { _ in } == 0)
  }
}
