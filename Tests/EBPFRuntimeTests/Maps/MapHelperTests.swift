import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// What programs do to maps, in every engine.
@Suite("Map helpers")
struct MapHelperTests {
  private let hash = MapSpec(name: "h", type: .hash, keySize: 4, valueSize: 8, maxEntries: 4)

  /// Runs operations one after the other on one map.
  private func run(
    _ map: MapSpec, _ operations: [MapProgram.Operation], engine: LoadOptions.Engine,
    _ body: ((MapProgram.Operation, [UInt8], [UInt8], UInt64) throws -> (result: Int64, value: [UInt8]), Map) throws -> Void
  ) throws {
    let program = MapProgram(keySize: map.keySize, valueSize: map.valueSize, operations: operations)
    let loaded = try load(program.instructions(), type: .schedCls, engine: engine, maps: [map])
    defer { loaded.close() }
    try body(
      { operation, key, value, flags in
        let result = try loaded.programs[0].run(TestInput(data: program.packet(operation, key: key, value: value, flags: flags)))
        return program.answer(result.data)
      }, loaded.maps[0])
  }

  @Test("hash: lookup, update, delete", arguments: engines)
  func hash(engine: LoadOptions.Engine) throws {
    try run(hash, [.lookup, .update, .delete], engine: engine) { (call, map) throws in
      #expect(try call(.lookup, [1, 0, 0, 0], [], 0).result == -2)
      #expect(try call(.update, [1, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8], 2).result == -2)
      #expect(try call(.update, [1, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8], 3).result == -22)
      #expect(try call(.update, [1, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8], 1).result == 0)
      #expect(try call(.update, [1, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8], 1).result == -17)
      #expect(try call(.lookup, [1, 0, 0, 0], [], 0).value == [1, 2, 3, 4, 5, 6, 7, 8])
      #expect(try map.lookup([1, 0, 0, 0]) == [1, 2, 3, 4, 5, 6, 7, 8])
      for key in 2...4 as ClosedRange<UInt8> { try map.update([key, 0, 0, 0], [key, 0, 0, 0, 0, 0, 0, 0]) }
      #expect(try call(.update, [5, 0, 0, 0], [], 0).result == -7)
      // A full map still takes new values for its keys.
      #expect(try call(.update, [4, 0, 0, 0], [9, 9, 9, 9, 9, 9, 9, 9], 0).result == 0)
      #expect(try call(.delete, [2, 0, 0, 0], [], 0).result == 0)
      #expect(try call(.delete, [2, 0, 0, 0], [], 0).result == -2)
      #expect(try Set(map.entries().map { $0.key[0] }) == [1, 3, 4])
    }
  }

  @Test("array: every index is there", arguments: engines)
  func array(engine: LoadOptions.Engine) throws {
    let spec = MapSpec(name: "a", type: .array, keySize: 4, valueSize: 6, maxEntries: 3)
    try run(spec, [.lookup, .update, .delete], engine: engine) { (call, map) throws in
      #expect(try call(.lookup, [2, 0, 0, 0], [], 0).value == [0, 0, 0, 0, 0, 0])
      #expect(try call(.lookup, [3, 0, 0, 0], [], 0).result == -2)
      #expect(try call(.update, [3, 0, 0, 0], [], 0).result == -7)
      #expect(try call(.update, [2, 0, 0, 0], [1, 2, 3, 4, 5, 6], 1).result == -17)
      #expect(try call(.update, [2, 0, 0, 0], [1, 2, 3, 4, 5, 6], 0).result == 0)
      #expect(try call(.delete, [2, 0, 0, 0], [], 0).result == -22)
      #expect(try map.entries().map(\.value) == [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]])
    }
  }

  @Test(
    "per-CPU values: a program sees its processor's, the host all", arguments: engines, [MapType.percpuArray, .percpuHash, .lruPercpuHash])
  func perCPU(engine: LoadOptions.Engine, type: MapType) throws {
    let spec = MapSpec(name: "p", type: type, keySize: 4, valueSize: 4, maxEntries: 2)
    try run(spec, [.lookup, .update, .lookupOnProcessor], engine: engine) { (call, map) throws in
      #expect(map.fullValueSize == 8 * map.processorCount)
      let all: [UInt8] = (0..<map.processorCount).flatMap { (processor: Int) -> [UInt8] in [UInt8(processor), 1, 1, 1, 0, 0, 0, 0] }
      try map.update([1, 0, 0, 0], all)
      #expect(try map.lookup([1, 0, 0, 0]) == all)
      let seen = try call(.lookup, [1, 0, 0, 0], [], 0)
      #expect(seen.value[0] < map.processorCount && Array(seen.value[1...]) == [1, 1, 1])
      #expect(try call(.lookupOnProcessor, [1, 0, 0, 0], [], 0).value == [0, 1, 1, 1])
      #expect(try call(.update, [1, 0, 0, 0], [7, 7, 7, 7], 0).result == 0)
      let after = try #require(try map.lookup([1, 0, 0, 0]))
      #expect((0..<map.processorCount).filter { after[$0 * 8] == 7 && after[$0 * 8 + 1] == 7 }.count == 1)
    }
  }

  @Test("global data: loads and stores at an offset", arguments: engines)
  func globalData(engine: LoadOptions.Engine) throws {
    let data = MapSpec(
      name: ".data", type: .array, keySize: 4, valueSize: 24, maxEntries: 1, flags: .mmapable,
      contents: [.init(key: [0, 0, 0, 0], value: .bytes([UInt8](0..<24)))], dataSection: .data)
    let rodata = MapSpec(
      name: ".rodata", type: .array, keySize: 4, valueSize: 4, maxEntries: 1, flags: .readOnlyProgram,
      contents: [.init(key: [0, 0, 0, 0], value: .bytes([5, 0, 0, 0]))], isFrozen: true, dataSection: .rodata)
    let program =
      Instruction.mapValue(.r1, index: 0, offset: 8) + Instruction.mapValue(.r2, index: 1, offset: 0) + [
        .load(.b, .r0, .r1, 1), .load(.w, .r3, .r2, 0), .add64(.r0, .r3), .store(.dw, .r1, 8, .r0), .exit,
      ]
    let loaded = try load(program, engine: engine, maps: [data, rodata])
    defer { loaded.close() }
    #expect(try loaded.programs[0].run(TestInput()).returnValue == 14)
    #expect(try loaded.map(".data").lookup([0, 0, 0, 0]) == [UInt8](0..<16) + [14, 0, 0, 0, 0, 0, 0, 0])
    let error = #expect(throws: HostError.self) { try loaded.map(".rodata").update([0, 0, 0, 0], [1, 1, 1, 1]) }
    #expect(error?.errno == 1)
    let outside = #expect(throws: HostError.self) {
      try load(Instruction.mapValue(.r1, index: 0, offset: 24) + [.exit], engine: engine, maps: [data])
    }
    #expect(outside?.message.contains("offset 24") == true)
  }

  @Test("for_each_map_elem and loop call functions of the program", arguments: engines, [MapType.array, .hash])
  func callbacks(engine: LoadOptions.Engine, type: MapType) throws {
    var code = ProgramBuilder()
    let add = code.label()
    let turn = code.label()
    code.emit(.store(.dw, .r10, -8, 0))
    code.emit(Instruction.map(.r1, index: 0))
    code.function(.r2, add)
    code.emit(.mov64(.r3, .r10))
    code.emit(.add64(.r3, -8))
    code.emit(.mov64(.r4, 0))
    code.emit(.call(164))
    code.emit(.mov64(.r6, .r0))
    code.emit(.mov64(.r1, 100))
    code.function(.r2, turn)
    code.emit(.mov64(.r3, .r10))
    code.emit(.add64(.r3, -8))
    code.emit(.mov64(.r4, 0))
    code.emit(.call(181))
    code.emit(.mov64(.r7, .r0))
    // elements * 10^6 + turns * 10^4 + the sum
    code.emit(.load(.dw, .r0, .r10, -8))
    code.emit(.alu64(.mul, .r6, 1_000_000))
    code.emit(.alu64(.mul, .r7, 10000))
    code.emit(.add64(.r0, .r6))
    code.emit(.add64(.r0, .r7))
    code.emit(.exit)
    code.place(add)  // (map, key, value, context): context += key + value
    code.emit(.load(.w, .r2, .r2, 0))
    code.emit(.load(.dw, .r3, .r3, 0))
    code.emit(.add64(.r2, .r3))
    code.emit(.load(.dw, .r3, .r4, 0))
    code.emit(.add64(.r3, .r2))
    code.emit(.store(.dw, .r4, 0, .r3))
    code.emit(.mov64(.r0, 0))
    code.emit(.exit)
    code.place(turn)  // (index, context): context += index, until index 9
    code.emit(.load(.dw, .r3, .r2, 0))
    code.emit(.add64(.r3, .r1))
    code.emit(.store(.dw, .r2, 0, .r3))
    code.emit(.mov64(.r0, 0))
    code.emit(.jump(.ne, .r1, 9, 1))
    code.emit(.mov64(.r0, 1))
    code.emit(.exit)
    let spec = MapSpec(name: "m", type: type, keySize: 4, valueSize: 8, maxEntries: 3)
    let loaded = try load(code.finish(), engine: engine, maps: [spec])
    defer { loaded.close() }
    for key in 0..<3 as Range<UInt8> { try loaded.maps[0].update([key, 0, 0, 0], [10, 0, 0, 0, 0, 0, 0, 0]) }
    #expect(try loaded.programs[0].run(TestInput()).returnValue == 3_000_000 + 100_000 + 33 + 45)
  }

  @Test("checked mode bounds values, keys and what helpers are given")
  func checked() throws {
    func program(_ tail: [Instruction], keyAt: Int32 = -4) -> [Instruction] {
      [.store(.w, .r10, -4, 1), .mov64(.r2, .r10), .add64(.r2, keyAt)] + Instruction.map(.r1, index: 0) + tail
    }
    func message(_ program: [Instruction], flags: MapFlags = []) throws -> String {
      var map = hash
      map.flags = flags
      let loaded = try load(program, engine: .checked, maps: [map])
      defer { loaded.close() }
      try loaded.maps[0].update([1, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8])
      do throws(HostError) {
        _ = try loaded.programs[0].run(TestInput())
        return ""
      } catch { return error.message }
    }
    #expect(try message(program([.call(1), .load(.dw, .r0, .r0, 0), .exit])) == "")
    #expect(try message(program([.call(1), .load(.dw, .r0, .r0, 1), .exit])).contains("a value of map 'h' of 8 bytes"))
    #expect(try message(program([.call(1), .exit], keyAt: -2)).contains("helper bpf_map_lookup_elem: 4 bytes at r2"))
    #expect(try message(program([.mov64(.r1, 8), .call(1), .exit])).contains("r1 = 0x8 is no map"))
    #expect(try message(program([.mov64(.r3, .r10), .mov64(.r4, 0), .call(2), .exit])).contains("8 bytes at r3"))
    #expect(try message(program([.call(3), .exit]), flags: .readOnlyProgram).contains("'h', which programs only read"))
    #expect(
      try message(program([.call(1), .store(.b, .r0, 0, 1), .exit]), flags: .readOnlyProgram).contains("which is read only"))
  }

  @Test("checked mode lets what a callback is given lie outside the stack, and catches its loads")
  func checkedCallbackContext() throws {
    func message(_ body: [Instruction]) throws -> String {
      var code = ProgramBuilder()
      let turn = code.label()
      code.emit(.mov64(.r1, 3))
      code.function(.r2, turn)
      code.emit(.mov64(.r3, .r10))
      code.emit(.add64(.r3, -29_047_188))
      code.emit(.mov64(.r4, 0))
      code.emit(.call(181))
      code.emit(.exit)
      code.place(turn)
      for instruction in body + [.mov64(.r0, 0), .exit] { code.emit(instruction) }
      let loaded = try load(code.finish(), engine: .checked)
      defer { loaded.close() }
      do throws(HostError) { return try "turns: \(loaded.programs[0].run(TestInput()).returnValue)" } catch { return error.message }
    }
    #expect(try message([]) == "turns: 3")
    #expect(try message([.load(.b, .r3, .r2, 0)]).contains("in no memory that the program may access"))
  }

  @Test("checked mode lets go of a record that was handed over")
  func checkedRecords() throws {
    let ring = MapSpec(name: "ring", type: .ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096)
    func message(_ tail: [Instruction]) throws -> String {
      let program =
        Instruction.map(.r1, index: 0) + [
          .mov64(.r2, 16), .mov64(.r3, 0), .call(131), .jump(.ne, .r0, 0, 1), .exit, .mov64(.r6, .r0), .mov64(.r1, .r0), .mov64(.r2, 0),
        ] + tail
      let loaded = try load(program, engine: .checked, maps: [ring])
      defer { loaded.close() }
      do throws(HostError) {
        _ = try loaded.programs[0].run(TestInput())
        return ""
      } catch { return error.message }
    }
    #expect(try message([.store(.dw, .r6, 8, 1), .call(132), .mov64(.r0, 0), .exit]) == "")
    #expect(try message([.store(.dw, .r6, 9, 1), .call(132), .exit]).contains("a record of ring buffer 'ring' of 16 bytes"))
    #expect(try message([.call(132), .store(.dw, .r6, 0, 1), .exit]).contains("a store of 8 bytes"))
    #expect(try message([.call(133), .mov64(.r1, .r6), .mov64(.r2, 0), .call(132), .exit]).contains("is no record that is held"))
  }
}
