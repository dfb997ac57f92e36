import EBPFISA
import EBPFTestSupport
import Testing

@Suite struct ClassicCheckTests {
  static let end = ClassicInstruction(.returnConstant, k: 1)

  /// Programs that the kernel answers with EINVAL (`bpf_check_classic`), and why.
  static let refused: [([ClassicInstruction], ClassicError.Code, Int?)] = [
    ([], .length, nil),
    (Array(repeating: end, count: 4097), .length, nil),
    ([ClassicInstruction(code: 0x0e), end], .unknownCode, 0),
    ([ClassicInstruction(code: 0x100), end], .unknownCode, 0),
    ([ClassicInstruction(code: 0xffff), end], .unknownCode, 0),
    // The return of X, which BSD's papers name and the kernel never had.
    ([ClassicInstruction(code: 0x0e)], .unknownCode, 0),
    ([ClassicInstruction(.arithmetic(.div, .k)), end], .divisionByZero, 0),
    ([end, ClassicInstruction(.arithmetic(.mod, .k)), end], .divisionByZero, 1),
    ([ClassicInstruction(.arithmetic(.lsh, .k), k: 32), end], .shift, 0),
    ([ClassicInstruction(.arithmetic(.rsh, .k), k: .max), end], .shift, 0),
    ([ClassicInstruction(.store, k: 16), end], .scratchIndex, 0),
    ([ClassicInstruction(.storeX, k: .max), end], .scratchIndex, 0),
    ([ClassicInstruction(.loadScratch, k: 16), end], .scratchIndex, 0),
    ([ClassicInstruction(.loadXScratch, k: 100), end], .scratchIndex, 0),
    ([ClassicInstruction(.jump, k: 1), end], .jumpOutOfRange, 0),
    ([ClassicInstruction(.jump, k: .max), end], .jumpOutOfRange, 0),
    ([ClassicInstruction(.branch(.eq, .k), jumpTrue: 1), end], .jumpOutOfRange, 0),
    ([ClassicInstruction(.branch(.set, .x), jumpFalse: 255), end], .jumpOutOfRange, 0),
    ([end, ClassicInstruction(.branch(.eq, .k))], .jumpOutOfRange, 1),
    ([ClassicInstruction(.loadAbsolute(.w), k: 0xffff_f001), end], .unknownAncillary, 0),
    ([ClassicInstruction(.loadAbsolute(.b), k: 0xffff_f040), end], .unknownAncillary, 0),
    ([ClassicInstruction(.loadAbsolute(.h), k: .max), end], .unknownAncillary, 0),
    ([end, ClassicInstruction(.tax)], .noReturn, 1),
    ([end, ClassicInstruction(.loadLength)], .noReturn, 1),
    ([ClassicInstruction(.loadScratch, k: 3), end], .scratchNotStored, 0),
    // Stored on one path only.
    (
      [ClassicInstruction(.branch(.eq, .k), jumpTrue: 1), ClassicInstruction(.store, k: 3), ClassicInstruction(.loadXScratch, k: 3), end],
      .scratchNotStored, 2
    ),
    // Stored behind a jump over the store.
    (
      [ClassicInstruction(.jump, k: 1), ClassicInstruction(.store, k: 0), ClassicInstruction(.loadScratch, k: 0), end], .scratchNotStored, 2
    ),
  ]

  @Test func refusals() {
    for (instructions, code, place) in Self.refused {
      let error = #expect(throws: ClassicError.self) { try ClassicProgram(instructions).check() }
      #expect(error?.code == code)
      #expect(error?.instruction == place)
      #expect(throws: ClassicError.self) { try ClassicProgram(instructions).translated() }
    }
  }

  @Test func accepted() throws {
    let programs: [[ClassicInstruction]] = [
      [Self.end],
      Array(repeating: Self.end, count: 4096),
      [ClassicInstruction(.arithmetic(.lsh, .k), k: 31), Self.end],
      [ClassicInstruction(.loadIndirect(.w), k: .max), Self.end],
      [ClassicInstruction(.loadXHeaderLength, k: .max), Self.end],
      // Nothing reaches the load.
      [Self.end, ClassicInstruction(.jump), ClassicInstruction(.loadAbsolute(.w), k: 0xffff_efff), Self.end],
      [ClassicInstruction(.store, k: 15), ClassicInstruction(.loadXScratch, k: 15), ClassicInstruction(.returnA)],
      [ClassicInstruction(.jump, k: 1), ClassicInstruction(.loadScratch, k: 2), Self.end],
      // Stored on both paths.
      [
        ClassicInstruction(.branch(.gt, .x), jumpTrue: 0, jumpFalse: 2), ClassicInstruction(.store, k: 3), ClassicInstruction(.jump, k: 1),
        ClassicInstruction(.storeX, k: 3), ClassicInstruction(.loadScratch, k: 3), ClassicInstruction(.returnA),
      ],
    ]
    for program in programs {
      try ClassicProgram(program).check()
      _ = try ProgramStructure(checking: ClassicProgram(program).translated())
    }
  }

  @Test("libpcap's machine takes loops, shifts by any number and offsets of any size")
  func libpcap() throws {
    let programs: [[ClassicInstruction]] = [
      [ClassicInstruction(.arithmetic(.rsh, .k), k: 32), Self.end],
      [ClassicInstruction(.loadAbsolute(.w), k: 0xffff_f001), Self.end],
      [ClassicInstruction(.loadScratch, k: 3), ClassicInstruction(.returnA)],
      [ClassicInstruction(.branch(.eq, .k), jumpTrue: 1), ClassicInstruction(.jump, k: UInt32(bitPattern: -2)), Self.end],
      Array(repeating: Self.end, count: 5000),
    ]
    for program in programs {
      #expect(throws: ClassicError.self) { try ClassicProgram(program).check() }
      try ClassicProgram(program).check(for: .libpcap)
      _ = try ProgramStructure(checking: ClassicProgram(program).translated(.init(dialect: .libpcap)))
    }
    let error = #expect(throws: ClassicError.self) {
      try ClassicProgram([ClassicInstruction(.jump, k: UInt32(bitPattern: -2)), Self.end]).check(for: .libpcap)
    }
    #expect(error?.code == .jumpOutOfRange)
  }

  @Test("what eBPF has no words for is refused with the reason")
  func unsupported() {
    let cases: [(ClassicAncillary, String)] = [
      (.hardwareType, "instruction 0: ld [hatype] asks for the device's hardware type"),
      (.payloadOffset, "instruction 0: ld [poff] asks the kernel's flow dissector"),
    ]
    for (ancillary, message) in cases {
      let program = ClassicProgram([ClassicInstruction(.loadAbsolute(.w), k: ancillary.offset), ClassicInstruction(.returnA)])
      let error = #expect(throws: ClassicError.self) { try program.translated() }
      #expect(error?.code == .unsupported)
      #expect(error?.description.hasPrefix(message) == true)
    }
  }

  @Test("random programs are translated into well-formed ones")
  func structure() throws {
    var generator = ClassicGenerator(seed: 7)
    var accepted = 0
    for number in 0..<20000 {
      let program = generator.any(count: 1 + number % 100)
      do {
        let translated = try program.translated(.init(hardwareType: 1))
        _ = try ProgramStructure(checking: translated)
        accepted += 1
      } catch let error as ClassicError {
        #expect(error.code == .unsupported || (try? program.check()) == nil)
      }
    }
    #expect(accepted > 1000 && accepted < 19000)
  }
}
