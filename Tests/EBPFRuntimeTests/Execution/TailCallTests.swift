import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

@Suite("Tail calls")
struct TailCallTests {
  private let array = MapSpec(
    name: "calls", type: .progArray, keySize: 4, valueSize: 4, maxEntries: 3,
    contents: [.init(key: [0, 0, 0, 0], value: .program("self")), .init(key: [1, 0, 0, 0], value: .program("other"))])
  private let counter = MapSpec(name: "counter", type: .array, keySize: 4, valueSize: 8, maxEntries: 1)

  private func load(_ programs: [(String, [Instruction])], type: ProgramType = .rawMemory, engine: LoadOptions.Engine) throws -> Loaded {
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    let specs = programs.map { ProgramSpec(name: $0.0, type: type, instructions: $0.1) }
    return try UserspaceHost().load(ObjectSpec(programs: specs, maps: [array, counter]), options: options)
  }

  /// Calls an entry with the context that the program was given in r6, and goes on where the call falls through.
  private func call(_ index: Int32) -> [Instruction] {
    [.mov64(.r1, .r6)] + Instruction.map(.r2, index: 0) + [.mov64(.r3, index), .call(12)]
  }

  @Test("a program calls another one, which sees the same context; empty and outside entries fall through", arguments: engines)
  func calls(engine: LoadOptions.Engine) throws {
    for (index, result) in [(1, 77), (2, 5), (3, 5), (-1, 5)] as [(Int32, UInt64)] {
      let loaded = try load(
        [
          ("self", [.mov64(.r6, .r1)] + call(index) + [.mov64(.r0, 5), .exit]),
          ("other", [.load(.b, .r0, .r1, 0), .exit]),
        ], engine: engine)
      defer { loaded.close() }
      #expect(try loaded.programs[0].run(TestInput(data: [77])).returnValue == result)
    }
  }

  @Test("33 tail calls in a row, then the next falls through", arguments: engines)
  func limit(engine: LoadOptions.Engine) throws {
    let count: [Instruction] = Instruction.mapValue(.r1, index: 1, offset: 0) + [.mov64(.r2, 1), .atomic(.add, .dw, .r1, 0, .r2)]
    let loaded = try load(
      [("self", [.mov64(.r6, .r1)] + count + call(0) + [.mov64(.r0, 9), .exit]), ("other", [.exit])], engine: engine)
    defer { loaded.close() }
    for run in 1...2 as ClosedRange<UInt8> {
      #expect(try loaded.programs[0].run(TestInput()).returnValue == 9)
      #expect(try loaded.map("counter").lookup([0, 0, 0, 0])?[0] == 34 * run)
    }
  }

  @Test("from a function, a tail call takes the function's place", arguments: engines)
  func fromFunction(engine: LoadOptions.Engine) throws {
    var code = ProgramBuilder()
    let function = code.label()
    code.emit(.mov64(.r6, .r1))
    code.call(function)
    code.emit(.add64(.r0, 100))
    code.emit(.exit)
    code.place(function)
    code.emit(.mov64(.r6, .r1))
    code.emit(call(1))
    code.emit(.mov64(.r0, 1))
    code.emit(.exit)
    let loaded = try load([("self", code.finish()), ("other", [.mov64(.r0, 7), .exit])], engine: engine)
    defer { loaded.close() }
    #expect(try loaded.programs[0].run(TestInput()).returnValue == 107)
  }

  @Test("a prog array takes one type of program only", arguments: engines)
  func kinds(engine: LoadOptions.Engine) throws {
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    let filter = ProgramSpec(name: "self", type: .socketFilter, instructions: [.mov64(.r0, 0), .exit])
    let classifier = ProgramSpec(name: "other", type: .schedCls, instructions: [.mov64(.r0, 0), .exit])
    let error = #expect(throws: HostError.self) {
      try UserspaceHost().load(ObjectSpec(programs: [filter, classifier], maps: [array]), options: options)
    }
    #expect(error?.message.contains("'other'") == true && error?.errno == 22)
  }

  @Test("a program stays as long as a prog array of another object holds it", arguments: engines)
  func foreign(engine: LoadOptions.Engine) throws {
    let loaded = try load([("self", [.mov64(.r6, .r1)] + call(2) + [.mov64(.r0, 5), .exit]), ("other", [.exit])], engine: engine)
    defer { loaded.close() }
    do {
      let guest = try load(
        [("self", Instruction.mapValue(.r1, index: 1, offset: 0) + [.load(.dw, .r0, .r1, 0), .add64(.r0, 3), .exit])], engine: engine)
      try guest.map("counter").update([0, 0, 0, 0], [40, 0, 0, 0, 0, 0, 0, 0])
      try loaded.map("calls").update([2, 0, 0, 0], program: guest.programs[0])
    }
    #expect(try loaded.programs[0].run(TestInput()).returnValue == 43)
    #expect(try loaded.map("calls").delete([2, 0, 0, 0]))
    #expect(try loaded.programs[0].run(TestInput()).returnValue == 5)
  }
}
