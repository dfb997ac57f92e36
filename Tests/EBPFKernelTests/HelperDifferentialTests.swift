import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The same programs on the same packets in the kernel and in this process, with random arguments: results, packets and contexts are equal.
@Suite("Helpers, against the kernel's", .needsKernel)
struct HelperDifferentialTests {
  private static let xdp = ProgramType(rawValue: 6)
  private static let classifier = ProgramType(rawValue: 3)
  private static let socketFilter = ProgramType(rawValue: 1)

  /// Runs a program in the kernel and, unproved, in every engine of this process; ends at the first difference.
  /// - Parameter undefined: bytes of the packet that the kernel leaves as its memory was.
  private func compare(
    _ type: ProgramType, _ instructions: [Instruction], _ inputs: [TestInput], flags: UInt32 = 0, undefined: Range<Int>? = nil,
    _ description: @autoclosure () -> String
  ) throws {
    var spec = ProgramSpec(name: "differential", type: type, instructions: instructions)
    spec.loadFlags = flags
    let object = ObjectSpec(programs: [spec], license: "GPL")
    let kernel = try KernelHost().load(object)
    defer { kernel.close() }
    let expected = try inputs.map { try kernel.programs[0].run($0) }
    for engine in LoadOptions.Engine.allCases {
      var options = LoadOptions()
      options.verification = .unchecked
      options.engine = engine
      let here = try UserspaceHost().load(object, options: options)
      defer { here.close() }
      for (index, (input, expected)) in zip(inputs, expected).enumerated() {
        let result = try here.programs[0].run(input)
        let difference = Self.difference(result, expected, hasContext: !input.context.isEmpty, undefined: undefined)
        try #require(
          difference == nil,
          """
          \(engine), \(description()), input \(index): \(difference ?? "")
          packet \(hex(input.data.prefix(80))) of \(input.data.count) bytes
          """)
      }
    }
  }

  /// What differs between a result here and in the kernel, in a line.
  private static func difference(_ here: TestResult, _ kernel: TestResult, hasContext: Bool, undefined: Range<Int>? = nil) -> String? {
    var (here, kernel) = (here, kernel)
    for index in undefined ?? 0..<0 where index < here.data.count && index < kernel.data.count { here.data[index] = kernel.data[index] }
    if UInt32(truncatingIfNeeded: here.returnValue) != UInt32(truncatingIfNeeded: kernel.returnValue) {
      return "r0 is \(here.returnValue), the kernel's \(kernel.returnValue)"
    }
    if hasContext, let at = firstDifference(here.context, kernel.context) {
      return "context at \(at): \(hex(here.context.dropFirst(at).prefix(64))), the kernel's \(hex(kernel.context.dropFirst(at).prefix(64)))"
    }
    if let at = firstDifference(here.data, kernel.data) {
      return """
        \(here.data.count) bytes of data, at \(at) \(hex(here.data.dropFirst(at).prefix(32))); the kernel's \(kernel.data.count) bytes, \
        \(hex(kernel.data.dropFirst(at).prefix(32)))
        """
    }
    return nil
  }

  private static func firstDifference(_ left: [UInt8], _ right: [UInt8]) -> Int? {
    if let index = zip(left, right).enumerated().first(where: { $1.0 != $1.1 })?.offset { return index }
    return left.count == right.count ? nil : min(left.count, right.count)
  }

  // MARK: Traffic control: sequences of helpers that read and change the packet

  @Test func socketBufferHelpers() throws {
    var random = Effort.generator(0x5eed_0001)
    for round in 0..<(1500 * Effort.factor) {
      let steps = (0..<Int.random(in: 1...5, using: &random)).map { _ in SocketBufferStep.random(using: &random) }
      var code: [Instruction] = [.mov64(.r6, .r1)]
      for (index, step) in steps.enumerated() {
        code += step.code
        // cb[index] = the result
        code.append(.store(.w, .r6, Int16(48 + 4 * index), .r0))
      }
      // mark: everything of the context that may have changed; priority: the packet's length as its pointers say it.
      code.append(.mov64(.r9, 0))
      for field: Int16 in [0, 4, 16, 20, 24, 28] {
        code += [.load(.w, .r0, .r6, field), .alu64(.mul, .r9, 31), .add64(.r9, .r0)]
      }
      code += [
        .store(.w, .r6, 8, .r9), .load(.w, .r2, .r6, 80), .load(.w, .r3, .r6, 76), .alu64(.sub, .r2, .r3), .store(.w, .r6, 32, .r2),
        .mov64(.r0, 0), .exit,
      ]
      let context = [UInt8](repeating: 0, count: 192)
      let inputs = (0..<3).map { _ in TestInput(data: TestPacket.random(using: &random), context: context) }
      try compare(Self.classifier, code, inputs, "round \(round): \(steps.map(\.text))")
    }
  }

  /// What a buffer that grows at its front does to a transport header that nobody has set: the number that says so is counted on, and the
  /// least length that `bpf_skb_change_tail` takes follows from it.
  @Test func lengthsAfterGrowth() throws {
    let sequences: [[SocketBufferStep]] = [
      [.init(.skbChangeHead, [39, 0]), .init(.skbChangeHead, [39, 0]), .init(.skbChangeTail, [45, 0])],
      [.init(.skbAdjustRoom, [4095, 0, 2]), .init(.skbChangeTail, [17, 0])],
      [.init(.skbAdjustRoom, [4095, 0, 0]), .init(.skbChangeTail, [17, 0])],
      [.init(.skbChangeHead, [2000, 0]), .init(.skbChangeTail, [0, 0])],
      [.init(.skbAdjustRoom, [40, 1, 1 << 1 | 1 << 4]), .init(.skbChangeHead, [70, 0]), .init(.skbChangeTail, [60, 0])],
      [.init(.skbChangeProto, [0xdd86, 0]), .init(.skbChangeProto, [0xdd86, 0]), .init(.skbChangeTail, [10, 0])],
      [
        .init(.skbChangeHead, [64, 0]), .init(.skbVlanPush, [0x0081, 1]), .init(.skbVlanPush, [0x0081, 2]), .init(.skbChangeTail, [70, 0]),
      ],
    ]
    let packet: [UInt8] = [UInt8](repeating: 2, count: 12) + [8, 0, 0x45] + [UInt8](repeating: 1, count: 105)
    let input = TestInput(data: packet, context: [UInt8](repeating: 0, count: 192))
    for steps in sequences {
      // Every length from the last step's on, so that the edge is among them.
      for more in Int32(0)..<64 {
        var steps = steps
        let last = steps.removeLast()
        steps.append(.init(.skbChangeTail, [last.arguments[0] + more, 0]))
        var code: [Instruction] = [.mov64(.r6, .r1)]
        for (index, step) in steps.enumerated() { code += step.code + [.store(.w, .r6, Int16(48 + 4 * index), .r0)] }
        code += [.mov64(.r0, 0), .exit]
        try compare(Self.classifier, code, [input], "\(steps.map(\.text))")
      }
    }
  }

  /// Room made behind an IP header that the packet was cut in: the whole header moves, and what lies behind the packet's end with it. Those are
  /// the bytes that were cut off, as long as the kernel's buffer is the same; a new one (`pskb_expand_head`) got only what lies before the end,
  /// so that they are whatever its memory held before.
  @Test func roomBehindTheEnd() throws {
    let linkHeader = 14
    for (type, header) in [([0x08, 0x00, 0x45] as [UInt8], 20), ([0x86, 0xdd, 0x60], 40)] {
      let packet = [UInt8](repeating: 2, count: 12) + type + (0..<105).map { UInt8($0) }
      let input = TestInput(data: packet, context: [UInt8](repeating: 0, count: 192))
      for pushed in [0, 20, 42] {
        // The buffer has 64 bytes before the packet.
        let free = 64 - pushed
        for growth in [1, 8, free - 1, free, free + 1, 100, 4000] {
          for cut in 0...header + 2 {
            let length = linkHeader + pushed + cut
            let end = linkHeader + pushed + header
            var steps: [SocketBufferStep] = pushed == 0 ? [] : [.init(.skbChangeHead, [Int32(pushed), 0])]
            steps += [.init(.skbChangeTail, [Int32(length), 0]), .init(.skbAdjustRoom, [Int32(growth), 0, 0])]
            var code: [Instruction] = [.mov64(.r6, .r1)]
            for (index, step) in steps.enumerated() { code += step.code + [.store(.w, .r6, Int16(48 + 4 * index), .r0)] }
            code += [.mov64(.r0, 0), .exit]
            let undefined = growth > free && length < end ? length..<end : nil
            try compare(Self.classifier, code, [input], undefined: undefined, "\(steps.map(\.text))")
          }
        }
      }
    }
  }

  // MARK: XDP

  @Test func xdpHelpers() throws {
    var random = Effort.generator(0x5eed_0002)
    for round in 0..<(1000 * Effort.factor) {
      let steps = (0..<Int.random(in: 1...5, using: &random)).map { _ in XDPStep.random(using: &random) }
      var code: [Instruction] = [.mov64(.r6, .r1), .mov64(.r9, 0)]
      for step in steps { code += step.code + [.alu64(.mul, .r9, 31), .add64(.r9, .r0)] }
      code += [.mov64(.r0, .r9), .exit]
      let inputs = (0..<3).map { _ in XDPStep.input(using: &random) }
      try compare(Self.xdp, code, inputs, "round \(round): \(steps.map(\.text))")
    }
  }

  // MARK: Memory that may not be there

  @Test func probes() throws {
    let addresses: [UInt64] = [
      0, 8, 0x1000, 0x1234_5678_9abc_def0, 0xffff_8000_0000_0000, 0xffff_ffff_ff60_0000,
      0xffff_ffff_ff5f_fff8, .max - 7,
      .max,
    ]
    for helper: HelperID in [.probeReadUser, .probeReadKernel, .probeReadUserStr, .probeReadKernelStr] {
      for address in addresses {
        for size: Int32 in [1, 8, 13] {
          var code: [Instruction] = [.store(.dw, .r10, -16, 0x1122_3344), .store(.dw, .r10, -8, 0x5566_7788)]
          code += [.mov64(.r1, .r10), .add64(.r1, -16), .mov64(.r2, size)] + Instruction.wide(.r3, address)
          code += [.call(Int32(helper.rawValue)), .load(.dw, .r1, .r10, -16), .load(.dw, .r2, .r10, -8)]
          code += [.alu64(.mul, .r0, 31), .add64(.r0, .r1), .alu64(.mul, .r0, 31), .add64(.r0, .r2), .exit]
          let packet = [UInt8](repeating: 0, count: 64)
          try compare(
            Self.classifier, code, [TestInput(data: packet)], "\(helper), \(size) bytes at 0x\(String(address, radix: 16))")
        }
      }
    }
  }

  /// Source and destination that overlap, on the stack.
  @Test func overlappingProbes() throws {
    for helper: HelperID in [.probeReadKernel, .probeReadKernelStr] {
      for distance: Int32 in [-12, -8, -3, -1, 0, 1, 3, 5, 8, 12] {
        for size: Int32 in [1, 7, 8, 12, 15, 16] {
          var code: [Instruction] = (0..<6).map { .store(.dw, .r10, Int16(-48 + 8 * $0), 0x0102_0304 &* Int32($0 + 1)) }
          for index in 0..<6 { code.append(.store(.w, .r10, Int16(-44 + 8 * index), 0x1112_1314 + Int32(index))) }
          code += [.mov64(.r1, .r10), .add64(.r1, -32), .mov64(.r2, size), .mov64(.r3, .r10), .add64(.r3, -32 + distance)]
          code.append(.call(Int32(helper.rawValue)))
          for index in 0..<6 { code += [.load(.dw, .r1, .r10, Int16(-48 + 8 * index)), .alu64(.mul, .r0, 31), .add64(.r0, .r1)] }
          code += [.mov64(.r1, .r0), .alu64(.rsh, .r1, 32), .alu64(.xor, .r0, .r1), .exit]
          let packet = [UInt8](repeating: 0, count: 64)
          try compare(Self.classifier, code, [TestInput(data: packet)], "\(helper), \(size) bytes, \(distance) on")
        }
      }
    }
  }

  // MARK: Numbers and texts

  @Test func numbersInText() throws {
    // 64 bytes of text in the packet; its length in cb[0], flags in cb[2...3]; the number goes to cb[3...4], the bytes that it has to r0.
    var random = Effort.generator(0x5eed_0003)
    for helper: HelperID in [.strtol, .strtoul] {
      let code: [Instruction] = [
        .mov64(.r6, .r1), .mov64(.r2, 14), .mov64(.r3, .r10), .add64(.r3, -64), .mov64(.r4, 64), .call(26),
        .load(.w, .r2, .r6, 48), .alu64(.and, .r2, 63), .mov64(.r0, 0), .jump(.eq, .r2, 0, 10), .mov64(.r1, .r10), .add64(.r1, -64),
        .load(.dw, .r3, .r6, 56), .mov64(.r4, .r10), .add64(.r4, -72), .call(Int32(helper.rawValue)), .load(.dw, .r1, .r10, -72),
        .store(.w, .r6, 60, .r1), .alu64(.rsh, .r1, 32), .store(.w, .r6, 64, .r1), .exit,
      ]
      let inputs = (0..<4000).map { _ in NumberText.input(using: &random) }
      try compare(Self.classifier, code, inputs, "\(helper)")
    }
  }

  @Test func checksumDifferences() throws {
    var random = Effort.generator(0x5eed_0004)
    for round in 0..<(400 * Effort.factor) {
      let from = Int32.random(in: 0...32, using: &random) * 4
      let to = Int32.random(in: 0...32, using: &random) * 4
      let seed = [0, -1, Int32(truncatingIfNeeded: random.next())].randomElement(using: &random)!
      let base: Int16 = -512
      var code: [Instruction] = [
        .mov64(.r6, .r1), .mov64(.r2, 0), .mov64(.r3, .r10), .add64(.r3, Int32(base)), .mov64(.r4, 256), .call(26),
        .mov64(.r1, .r10), .add64(.r1, Int32(base)), .mov64(.r2, from), .mov64(.r3, .r10), .add64(.r3, Int32(base) + 128),
        .mov64(.r4, to), .mov32(.r5, seed), .call(28), .store(.w, .r6, 48, .r0), .alu64(.rsh, .r0, 32), .store(.w, .r6, 52, .r0),
        .mov64(.r0, 0), .exit,
      ]
      // A null pointer goes with no bytes.
      if from == 0 { code.replaceSubrange(6...7, with: [.mov64(.r1, 0), .mov64(.r1, 0)]) }
      // Equal bytes, zeros and ones beside random ones.
      let inputs = (0..<5).map { kind -> TestInput in
        var packet = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
        switch kind {
        case 0: packet.replaceSubrange(128..<256, with: packet[0..<128])
        case 1: packet = [UInt8](repeating: 0, count: 300)
        case 2: packet = [UInt8](repeating: 0xff, count: 300)
        default: break
        }
        return TestInput(data: packet, context: [UInt8](repeating: 0, count: 192))
      }
      try compare(Self.classifier, code, inputs, "round \(round): \(from) bytes to \(to), seed \(seed)")
    }
  }

  // MARK: Formatted text

  /// The stack of the programs below: out 256 bytes at -448, arguments 96 at -192, the format 64 at -96, a string 32 at -32.
  private static func formatting(_ format: [UInt8], _ values: [FormatText.Value]) -> [Instruction] {
    var code: [Instruction] = [.mov64(.r6, .r1)]
    func fill(_ bytes: [UInt8], at offset: Int16, _ count: Int) {
      let bytes = (bytes + [UInt8](repeating: 0, count: count)).prefix(count)
      for index in stride(from: 0, to: count, by: 8) {
        let word = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[index + $1]) << (8 * UInt64($1)) }
        code += Instruction.wide(.r1, word) + [.store(.dw, .r10, offset + Int16(index), .r1)]
      }
    }
    fill([], at: -448, 256)
    fill(format, at: -96, 64)
    fill(Array("a string of 31 bytes, no more  ".utf8), at: -32, 32)
    for index in 0..<12 {
      let offset = Int16(-192 + 8 * index)
      switch index < values.count ? values[index] : .number(0) {
      case .number(let value): code += Instruction.wide(.r1, value) + [.store(.dw, .r10, offset, .r1)]
      case .string(let start): code += [.mov64(.r1, .r10), .add64(.r1, Int32(start) - 32), .store(.dw, .r10, offset, .r1)]
      }
    }
    return code
  }

  /// What the program leaves in the packet and in cb.
  private static let copyOut: [Instruction] = [
    .store(.w, .r6, 48, .r0), .mov64(.r1, .r6), .mov64(.r2, 14), .mov64(.r3, .r10), .add64(.r3, -448), .mov64(.r4, 256), .mov64(.r5, 0),
    .call(9), .mov64(.r0, 0), .exit,
  ]

  private static let textInput = TestInput(data: [UInt8](repeating: 0, count: 300), context: [UInt8](repeating: 0, count: 192))

  @Test func snprintf() throws {
    var random = Effort.generator(0x5eed_0007)
    var rejected = 0
    for round in 0..<(500 * Effort.factor) {
      let text = FormatText.random(using: &random)
      // Behind a full buffer the kernel does not step over copied addresses and reads what is left of an earlier call.
      let size = text.hasCopies ? 256 : [0, 1, 7, Int32.random(in: 2...256, using: &random), 256].randomElement(using: &random)!
      let prepare = Self.formatting(text.format, text.values)
      let call: [Instruction] = [
        .mov64(.r1, .r10), .add64(.r1, -448), .mov64(.r2, size), .mov64(.r4, .r10), .add64(.r4, -192),
        .mov64(.r5, Int32(text.values.count * 8)), .call(165),
      ]
      // The kernel wants the format in a frozen map; here it is where the program says.
      let rodata = MapSpec(
        name: ".rodata", type: MapType(rawValue: 2), keySize: 4, valueSize: 64, maxEntries: 1, flags: .readOnlyProgram,
        contents: [
          .init(key: [0, 0, 0, 0], value: .bytes(Array((text.format + [UInt8](repeating: 0, count: 64)).prefix(64))))
        ], isFrozen: true, dataSection: .rodata)
      let inKernel = prepare + Instruction.mapValue(.r3, index: 0, offset: 0) + call + Self.copyOut
      let here = prepare + [.mov64(.r3, .r10), .add64(.r3, -96)] + call + Self.copyOut
      let loaded: Loaded
      do throws(HostError) {
        loaded = try KernelHost().load(
          ObjectSpec(
            programs: [ProgramSpec(name: "text", type: Self.classifier, instructions: inKernel)], maps: [rodata], license: "GPL"))
      } catch {
        // It looks at the format at load; here the call fails.
        rejected += 1
        #expect(error.code == .rejected, "\(error.message)")
        let result = try run(here, .interpreter).context[48..<52].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        #expect(result == UInt32(bitPattern: -22), "round \(round): \(text), the kernel says \(error.message)")
        continue
      }
      defer { loaded.close() }
      let expected = try loaded.programs[0].run(Self.textInput)
      for engine: LoadOptions.Engine in [.jit, .interpreter] {
        let difference = Self.difference(try run(here, engine), expected, hasContext: true)
        try #require(difference == nil, "round \(round), \(engine), \(text), \(size) bytes: \(difference ?? "")")
      }
    }
    #expect(rejected < 250 * Effort.factor)
  }

  @Test func tracedText() throws {
    var random = Effort.generator(0x5eed_0008)
    for round in 0..<(300 * Effort.factor) {
      let text = FormatText.random(using: &random)
      let size = Bool.random(using: &random) ? Int32(text.format.count + 1) : Int32.random(in: 1...64, using: &random)
      var code = Self.formatting(text.format, text.values)
      code += [
        .mov64(.r1, .r10), .add64(.r1, -96), .mov64(.r2, size), .mov64(.r3, .r10), .add64(.r3, -192),
        .mov64(.r4, Int32(text.values.count * 8)), .call(177),
      ]
      try compare(Self.classifier, code + Self.copyOut, [Self.textInput], "round \(round): \(text), \(size) bytes")
    }
  }

  private func run(_ code: [Instruction], _ engine: LoadOptions.Engine) throws -> TestResult {
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    let spec = ProgramSpec(name: "text", type: Self.classifier, instructions: code)
    let loaded = try UserspaceHost().load(ObjectSpec(programs: [spec]), options: options)
    defer { loaded.close() }
    return try loaded.programs[0].run(Self.textInput)
  }

  // MARK: Packet loads of classic BPF's kind

  @Test func packetLoads() throws {
    var random = Effort.generator(0x5eed_0005)
    let sizes: [MemorySize] = [.b, .h, .w]
    for round in 0..<(800 * Effort.factor) {
      let size = sizes.randomElement(using: &random)!
      let bases: [Int32] = [0, 0, 0, -0x1000, -0x100000, -0x200000, -0x300000, .max - 64, .min]
      let offset = bases.randomElement(using: &random)! &+ Int32.random(in: -4...70, using: &random)
      let index = Bool.random(using: &random) ? Int32.random(in: -80...80, using: &random) : bases.randomElement(using: &random)!
      let isIndirect = Bool.random(using: &random)
      let code: [Instruction] = [
        .mov64(.r6, .r1), .mov64(.r7, index), isIndirect ? .loadIndirect(size, .r7, offset) : .loadAbsolute(size, offset), .exit,
      ]
      let inputs = (0..<2).map { _ in TestInput(data: TestPacket.random(using: &random)) }
      for type in [Self.socketFilter, Self.classifier] {
        try compare(
          type, code, inputs, "round \(round), type \(type.rawValue): \(size) at \(offset)\(isIndirect ? " + \(index)" : "")")
      }
    }
  }

  // MARK: SYN cookies

  @Test func synCookies() throws {
    // The segment size of a cookie's SYN, or the error; the cookie itself is each host's secret.
    var random = Effort.generator(0x5eed_0009)
    for (helper, header) in [(HelperID.tcpRawGenSyncookieIpv4, Int32(20)), (.tcpRawGenSyncookieIpv6, 40)] {
      for length: Int32 in [20, 24, 28, 40, 60] {
        let code: [Instruction] = [
          .mov64(.r2, 0), .mov64(.r3, .r10), .add64(.r3, -128), .mov64(.r4, 104), .call(189), .mov64(.r1, .r10), .add64(.r1, -128),
          .mov64(.r2, .r10), .add64(.r2, -128 + header), .mov64(.r3, length), .call(Int32(helper.rawValue)), .alu64(.rsh, .r0, 32), .exit,
        ]
        let inputs = (0..<60).map { _ -> TestInput in
          var packet = (0..<104).map { _ in UInt8.random(in: 0...255, using: &random) }
          let tcp = Int(header)
          packet[tcp + 12] = Bool.random(using: &random) ? UInt8(length / 4) << 4 : UInt8.random(in: 0...255, using: &random)
          var position = tcp + 20
          while position < 100 {
            let options: [[UInt8]] = [
              [1], [2, 4, UInt8.random(in: 0...36, using: &random), packet[position]], [3, 3, 7], [0], [4, 2], [8, 10],
            ]
            let option = options.randomElement(using: &random)!
            for byte in option where position < 100 {
              packet[position] = byte
              position += 1
            }
          }
          return TestInput(data: packet)
        }
        try compare(Self.xdp, code, inputs, "\(helper), \(length) bytes of header")
      }
    }
  }

  // MARK: Redirects

  @Test func redirects() throws {
    var random = Effort.generator(0x5eed_0006)
    let packet = TestPacket.random(using: &random)
    for flags: Int32 in [0, 1, 2, 3, 1 << 16, -1] {
      for type in [Self.classifier, Self.xdp] {
        try compare(type, [.mov64(.r1, 1), .mov64(.r2, flags), .call(23), .exit], [TestInput(data: packet)], "redirect, \(flags)")
      }
      try compare(Self.classifier, [.mov64(.r1, 1), .mov64(.r2, flags), .call(155), .exit], [TestInput(data: packet)], "peer, \(flags)")
      try compare(
        Self.classifier, [.mov64(.r1, 1), .mov64(.r2, 0), .mov64(.r3, 0), .mov64(.r4, flags), .call(152), .exit],
        [TestInput(data: packet)], "neighbour, \(flags)")
      try compare(
        Self.classifier, [.mov64(.r2, 1), .mov64(.r3, flags == 0 ? 1 : flags), .call(13), .exit], [TestInput(data: packet)],
        "clone, \(flags)")
    }
  }

  /// Maps of devices, processors and sockets: what updates answer, and what a program gets for a key and flags.
  @Test(arguments: [MapType.devmap, .devmapHash, .cpumap, .xskmap])
  func redirectMaps(type: MapType) throws {
    var random = Effort.generator(0x5eed_000a)
    // Key and flags are the packet's first words.
    let start: [Instruction] = [.mov64(.r2, 0), .mov64(.r3, .r10), .add64(.r3, -16), .mov64(.r4, 16), .call(189)]
    let redirect =
      start + Instruction.map(.r1, index: 0) + [.load(.dw, .r2, .r10, -16), .load(.dw, .r3, .r10, -8), .call(51), .exit]
    let lookup =
      start + Instruction.map(.r1, index: 0)
      + [.mov64(.r2, .r10), .add64(.r2, -16), .call(1), .jump(.eq, .r0, 0, 1), .load(.w, .r0, .r0, 0), .exit]
    // Programs look up devices only.
    let isDevices = type == .devmap || type == .devmapHash
    let map = MapSpec(name: "targets", type: type, keySize: 4, valueSize: type == .xskmap ? 4 : 8, maxEntries: 4)
    let object = ObjectSpec(
      programs: [
        ProgramSpec(name: "redirect", type: Self.xdp, instructions: redirect),
        ProgramSpec(name: "lookup", type: Self.xdp, instructions: lookup),
      ].filter { isDevices || $0.name == "redirect" }, maps: [map], license: "GPL")
    let kernel = try KernelHost().load(object)
    defer { kernel.close() }
    func answer(_ body: () throws(HostError) -> String) -> String {
      do throws(HostError) { return try body() } catch { return "errno \(error.errno)" }
    }
    for engine in LoadOptions.Engine.allCases {
      var options = LoadOptions()
      options.verification = .unchecked
      options.engine = engine
      let here = try UserspaceHost().load(object, options: options)
      defer { here.close() }
      for _ in 0..<200 {
        let key: [UInt8] = [UInt8.random(in: 0...5, using: &random), 0, 0, 0]
        var answers: [String] = []
        let value: [UInt8] = [UInt8.random(in: 0...1, using: &random), 0, 0, 0]
        let mode: UpdateMode = [.any, .any, .noExist, .exist].randomElement(using: &random)!
        let choice = Int.random(in: 0..<8, using: &random)
        let flags = [UInt64(0), 1, 2, 3, 4, 8, 16, 24, 1 << 32].randomElement(using: &random)!
        for loaded in [kernel, here] {
          let target = loaded.maps[0]
          switch choice {
          case 0 where type != .xskmap, 1 where type != .xskmap:
            answers.append(
              answer { () throws(HostError) in
                try target.update(key, value + [0, 0, 0, 0], mode)
                return "done"
              })
          case 2:
            answers.append(answer { () throws(HostError) in "\(try target.delete(key))" })
          case 3: answers.append(answer { () throws(HostError) in "\(String(describing: try target.lookup(key)))" })
          case 4 where isDevices:
            let input = TestInput(data: key + [UInt8](repeating: 0, count: 60))
            answers.append(answer { () throws(HostError) in "\(try loaded.program("lookup").run(input).returnValue)" })
          default:
            let words = (0..<8).map { UInt8(truncatingIfNeeded: flags >> (8 * UInt64($0))) }
            let input = TestInput(data: key + [0, 0, 0, 0] + words + [UInt8](repeating: 0, count: 48))
            answers.append(answer { () throws(HostError) in "\(try loaded.program("redirect").run(input).returnValue)" })
          }
        }
        #expect(answers[0] == answers[1], "\(type), \(engine), \(choice) of key \(key[0]), value \(value[0]), flags \(flags), \(mode)")
      }
      for key in 0..<6 { _ = answer { () throws(HostError) in "\(try kernel.maps[0].delete([UInt8(key), 0, 0, 0]))" } }
    }
  }
}

// MARK: - What is run

/// How much is tried: `EBPF_DIFFERENTIAL_EFFORT` times what the suite does, from other seeds with `EBPF_DIFFERENTIAL_SEED`.
private enum Effort {
  static let factor = number("EBPF_DIFFERENTIAL_EFFORT").map(Int.init) ?? 1
  private static let seed = number("EBPF_DIFFERENTIAL_SEED") ?? 0

  static func generator(_ seed: UInt64) -> SeededGenerator { SeededGenerator(seed: seed ^ Self.seed << 32) }

  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}

private func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// One call of a helper on a socket buffer, r6 being the context; its result is left in r0.
private struct SocketBufferStep {
  var text: String
  var code: [Instruction]
  let arguments: [Int32]

  init(_ helper: HelperID, _ arguments: [Int32], prepare: [Instruction] = [], pointer: Int? = nil) {
    self.arguments = arguments
    text = "\(helper)(\(arguments.map { "\($0)" }.joined(separator: ", ")))"
    code = prepare + [.mov64(.r1, .r6)]
    let registers: [Register] = [.r2, .r3, .r4, .r5]
    for (index, argument) in arguments.enumerated() {
      if index == pointer {
        code += [.mov64(registers[index], .r10), .add64(registers[index], -64)]
      } else {
        code.append(.mov64(registers[index], argument))
      }
    }
    code.append(.call(Int32(helper.rawValue)))
  }

  static func random(using random: inout SeededGenerator) -> SocketBufferStep {
    func small(_ range: ClosedRange<Int32>) -> Int32 { Int32.random(in: range, using: &random) }
    func one(_ values: [Int32]) -> Int32 { values.randomElement(using: &random)! }
    func offset() -> Int32 { one([small(0...60), small(0...60), small(0...1600), 0xffff, .max, -1, small(-20...0)]) }
    let fill: [Instruction] = (0..<8).map { .store(.dw, .r10, Int16(-64 + 8 * $0), Int32(truncatingIfNeeded: random.next())) }
    switch Int.random(in: 0..<16, using: &random) {
    case 0:
      // The bytes that were read count as the result.
      var step = SocketBufferStep(.skbLoadBytes, [offset(), 0, small(1...64)], prepare: fill, pointer: 1)
      step.code += Self.foldStack
      return step
    case 1:
      var step = SocketBufferStep(.skbLoadBytesRelative, [offset(), 0, small(1...64), small(0...2)], prepare: fill, pointer: 1)
      step.code += Self.foldStack
      return step
    case 2: return SocketBufferStep(.skbStoreBytes, [offset(), 0, small(1...64), one([0, 1, 2, 3, 4])], prepare: fill, pointer: 1)
    case 3: return SocketBufferStep(.skbPullData, [one([0, small(0...200), 5000, -1])])
    case 4: return SocketBufferStep(.skbChangeTail, [one([small(0...60), small(14...2000), 16064, 16065]), one([0, 0, 0, 1])])
    case 5: return SocketBufferStep(.skbChangeHead, [one([small(0...40), small(0...2000), 16064, -1]), one([0, 0, 0, 1])])
    case 6: return SocketBufferStep(.skbChangeProto, [one([0x0008, 0xdd86, 0x0608]), one([0, 0, 0, 1])])
    case 7: return SocketBufferStep(.skbChangeType, [small(0...8)])
    case 8, 9, 10:
      let flags: [Int32] = [
        0, 0, 1, 1 << 1, 1 << 2, 1 << 1 | 1 << 4, 1 << 2 | 1 << 3, 1 << 2 | 1 << 4, 1 << 1 | 1 << 3 | 1 << 4, 3 << 1, 1 << 5, 1 << 7,
        1 << 8, 3 << 7, 1 << 6, 1 << 9, 1 << 6 | 1 << 1,
      ]
      return SocketBufferStep(
        .skbAdjustRoom, [one([small(-60...60), small(-20...40), 4095, 4096, -4096]), one([0, 0, 1, 1, 2]), one(flags)]
      ).onWholeHeaders
    case 11: return SocketBufferStep(.skbVlanPush, [one([0x0081, 0xa888, 0x0008, 0]), Int32.random(in: 0...0xffff, using: &random)])
    case 12: return SocketBufferStep(.skbVlanPop, [])
    case 13:
      let flags = one([0, 2, 4, 4, 3, 0x10, 0x14, 0x24, 0x62, 0x84])
      return SocketBufferStep(
        Bool.random(using: &random) ? .l3CsumReplace : .l4CsumReplace,
        [offset(), one([0, 0, Int32(truncatingIfNeeded: random.next())]), Int32(truncatingIfNeeded: random.next()), flags])
    case 14: return SocketBufferStep(.csumLevel, [small(0...4)])
    default:
      return Bool.random(using: &random)
        ? SocketBufferStep(.skbEcnSetCe, []) : SocketBufferStep(.skbSetTstamp, [small(0...1), small(0...3)])
    }
  }

  /// `bpf_skb_adjust_room` only where the packet still has the headers that are moved when it grows; `EFAULT` otherwise. Of a packet that was
  /// cut inside them the kernel moves what lies behind its end (``HelperDifferentialTests/roomBehindTheEnd()``).
  private var onWholeHeaders: SocketBufferStep {
    guard arguments[0] > 0 else { return self }
    let isBehindNetwork = arguments[1] == 0
    var step = self
    step.code = [
      .mov64(.r4, isBehindNetwork ? 20 : 1), .load(.w, .r5, .r6, 16), .jump(.ne, .r5, 0xdd86, 1), .mov64(.r4, isBehindNetwork ? 40 : 1),
      .mov64(.r1, .r6), .mov64(.r2, 0), .mov64(.r3, .r10), .add64(.r3, -64), .mov64(.r5, 1), .call(68),
      .jump(.ne, .r0, 0, Int16(code.count)),
    ]
    step.code += code
    return step
  }

  /// r0 = r0 and the 64 bytes of the buffer on the stack.
  private static let foldStack: [Instruction] = (0..<8).flatMap { index -> [Instruction] in
    [.load(.dw, .r2, .r10, Int16(-64 + 8 * index)), .alu64(.mul, .r0, 31), .alu64(.xor, .r0, .r2)]
  }
}

/// One call of a helper on an XDP packet, r6 being the context.
private struct XDPStep {
  var text: String
  var code: [Instruction]

  static func random(using random: inout SeededGenerator) -> XDPStep {
    func small(_ range: ClosedRange<Int32>) -> Int32 { Int32.random(in: range, using: &random) }
    func one(_ values: [Int32]) -> Int32 { values.randomElement(using: &random)! }
    let fill: [Instruction] = (0..<8).map { .store(.dw, .r10, Int16(-64 + 8 * $0), Int32(truncatingIfNeeded: random.next())) }
    func call(_ helper: HelperID, _ value: Int32) -> XDPStep {
      XDPStep(text: "\(helper)(\(value))", code: [.mov64(.r1, .r6), .mov64(.r2, value), .call(Int32(helper.rawValue))])
    }
    switch Int.random(in: 0..<7, using: &random) {
    case 0, 1: return call(.xdpAdjustHead, one([small(-64...64), small(-300...300), -216, -217, .max, .min]))
    case 2: return call(.xdpAdjustTail, one([small(-64...64), small(-4000...4000), .max, .min]))
    case 3: return call(.xdpAdjustMeta, one([small(-16...4) * 4, -252, -256, small(-30...30), .min]))
    case 4: return call(.xdpGetBuffLen, 0)
    default:
      let isLoad = Bool.random(using: &random)
      let offset = one([small(0...60), small(0...1500), 0xffff, 0x10000, -1])
      let length = small(1...64)
      var step = XDPStep(
        text: "\(isLoad ? "load" : "store")(\(offset), \(length))",
        code: fill + [
          .mov64(.r1, .r6), .mov64(.r2, offset), .mov64(.r3, .r10), .add64(.r3, -64), .mov64(.r4, length), .call(isLoad ? 189 : 190),
        ])
      for index in 0..<8 where isLoad {
        step.code += [.load(.dw, .r2, .r10, Int16(-64 + 8 * index)), .alu64(.mul, .r0, 31), .alu64(.xor, .r0, .r2)]
      }
      return step
    }
  }

  /// A packet, with or without metadata before it.
  static func input(using random: inout SeededGenerator) -> TestInput {
    let packet = TestPacket.random(using: &random)
    guard Bool.random(using: &random) else { return TestInput(data: packet) }
    let metadata = Int.random(in: 0...20, using: &random) * 4
    let data = (0..<metadata).map { _ in UInt8.random(in: 0...255, using: &random) } + packet
    var context = [UInt8](repeating: 0, count: 24)
    context[0] = UInt8(metadata)
    context[4] = UInt8(truncatingIfNeeded: data.count)
    context[5] = UInt8(truncatingIfNeeded: data.count >> 8)
    return TestInput(data: data, context: context)
  }
}

/// Packets of many kinds: IPv4, IPv6, ARP, VLAN tags one in another, lengths in the type field, random bytes.
enum TestPacket {
  static func random(using random: inout SeededGenerator) -> [UInt8] {
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
    let addresses: [[UInt8]] = [[UInt8](repeating: 0xff, count: 6), [1, 0, 0x5e, 1, 2, 3], [UInt8](repeating: 0, count: 6), bytes(6)]
    var packet = addresses.randomElement(using: &random)! + bytes(6)
    for _ in 0..<[0, 0, 0, 1, 2].randomElement(using: &random)! {
      packet += Bool.random(using: &random) ? [0x81, 0] : [0x88, 0xa8]
      packet += bytes(2)
    }
    let payload = bytes(
      [0, 1, 3, Int.random(in: 0...120, using: &random), Int.random(in: 0...1400, using: &random)].randomElement(using: &random)!)
    switch Int.random(in: 0..<6, using: &random) {
    case 0, 1: packet += [0x08, 0x00, 0x45, UInt8.random(in: 0...255, using: &random)] + bytes(18) + payload
    case 2, 3: packet += [0x86, 0xdd, 0x60] + bytes(39) + payload
    case 4: packet += [0x08, 0x06] + payload
    default: packet += [UInt8.random(in: 0...6, using: &random)] + bytes(1) + (Bool.random(using: &random) ? [0xff, 0xff] : []) + payload
    }
    return packet
  }
}

/// Texts that begin, nearly begin or do not begin with a number.
private enum NumberText {
  static func input(using random: inout SeededGenerator) -> TestInput {
    let pieces = [
      " ", "\t", "-", "+", "0", "0x", "0X", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
      "18446744073709551616", "777", "1777777777777777777777", "ffffffffffffffff", "10000000000000000", "abc", "g", "8", "\u{a0}", "\0",
      "\n",
    ]
    var text: [UInt8] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) { text += Array(pieces.randomElement(using: &random)!.utf8) }
    if Bool.random(using: &random) { text += (0..<8).map { _ in UInt8.random(in: 0x20...0x7f, using: &random) } }
    let length = min(text.count, 63)
    text = Array((text + [UInt8](repeating: 0x31, count: 64)).prefix(64))
    let flags = [UInt64(0), 8, 10, 16, 7, 32, 0x1_0000_000a].randomElement(using: &random)!
    var context = [UInt8](repeating: 0, count: 192)
    context[48] = UInt8(Bool.random(using: &random) ? length : Int.random(in: 0...63, using: &random))
    for index in 0..<8 { context[56 + index] = UInt8(truncatingIfNeeded: flags >> (8 * UInt64(index))) }
    return TestInput(data: [UInt8](repeating: 0, count: 14) + text, context: context)
  }
}

/// Formats and what goes with them: good ones, and some that are not.
private struct FormatText: CustomStringConvertible {
  enum Value {
    case number(UInt64)
    /// The address of the string on the program's stack, from a byte on.
    case string(Int)
  }
  var format: [UInt8] = []
  var values: [Value] = []
  /// Whether the text of an argument is made before the rest.
  var hasCopies = false

  var description: String { "\"\(String(decoding: format, as: UTF8.self))\" \(values)" }

  static func random(using random: inout SeededGenerator) -> FormatText {
    var result = FormatText()
    var next = 0
    while next < 6, result.format.count < 40 {
      let literals = ["", " ", "x=", "%%", ",", "\u{e9}", "\n", "abc"]
      result.format += Array(literals.randomElement(using: &random)!.utf8)
      guard Int.random(in: 0..<8, using: &random) > 0 else { break }
      let flags = ["", "", "", "0", "-", "+", " ", "-0", "+ "].randomElement(using: &random)!
      let width = ["", "", "1", "5", "20", "08"].randomElement(using: &random)!
      let conversions = [
        "d", "i", "u", "x", "X", "ld", "lu", "lx", "lX", "lld", "lli", "llu", "llx", "c", "s", "s", "pks", "px", "pS", "ps", "pB", "pI4",
        "pi4",
        "pI6", "pi6", "pI6c", "p",
      ]
      let bad = ["hd", "f", "o", "#x", ".3s", "zu", "sx", "pX", "pI5", "q", "lc"]
      let conversion =
        Int.random(in: 0..<25, using: &random) == 0 ? bad.randomElement(using: &random)! : conversions.randomElement(using: &random)!
      result.format += Array("%\(flags)\(width)\(conversion)".utf8)
      if conversion.hasPrefix("pI") || conversion.hasPrefix("pi") || conversion == "pB" || conversion == "pks" { result.hasCopies = true }
      let numbers: [UInt64] = [0, 1, .max, 0x8000_0000, 0x8000_0000_0000_0000, 41, random.next(), random.next() & 0xffff]
      switch conversion {
      case "s", "pks", "pI4", "pi4", "pI6", "pi6", "pI6c":
        // Now and then an address where nothing is.
        let isBad = Int.random(in: 0..<6, using: &random) == 0
        result.values.append(isBad ? .number(8) : .string(Int.random(in: 0...12, using: &random)))
      case "pS", "ps", "pB", "p":
        // Addresses that are no symbol's: the kernel has no names for them either, and hashes none.
        result.values.append(.number(conversion == "p" ? 0 : UInt64.random(in: 0...0xffff, using: &random)))
      case "c": result.values.append(.number(UInt64.random(in: 0x20...0x7e, using: &random)))
      default: result.values.append(.number(numbers.randomElement(using: &random)!))
      }
      next += 1
    }
    if Int.random(in: 0..<15, using: &random) == 0, !result.values.isEmpty { result.values.removeLast() }
    return result
  }
}
