package import EBPFBTF
package import EBPFISA
package import EBPFObject
package import EBPFTables

/// A program that ``ProgramGenerator`` made, with the packet and the map contents that it is run on.
package struct RandomProgram: Sendable {
  /// What the generator started from: the same number makes the same program.
  package var seed: UInt64
  package var type: ProgramType
  /// Maps stand in it by index, see ``RandomMap``.
  package var instructions: [Instruction]
  package var packet: [UInt8]
  /// What the maps hold before the run, by index of the map.
  package var contents: [Int: [MapSpec.Entry]]

  /// The indices of the maps in it.
  package var namedMaps: Set<Int> {
    var result: Set<Int> = []
    for instruction in instructions where instruction.isWide {
      if instruction.source == WideSource.mapIndex || instruction.source == WideSource.mapIndexValue {
        result.insert(Int(instruction.immediate))
      }
    }
    return result
  }

  /// The program and the maps that it names, in their order, as an object.
  package var object: ObjectSpec {
    let specs = RandomMap.specs(contents)
    let named = namedMaps.filter { specs.indices.contains($0) }.sorted()
    let maps = named.map { specs[$0] }
    var instructions = instructions
    for slot in instructions.indices where instructions[slot].isWide {
      guard instructions[slot].source == WideSource.mapIndex || instructions[slot].source == WideSource.mapIndexValue else { continue }
      // A map that there is not stays one: its number is beyond all.
      if let place = named.firstIndex(of: Int(instructions[slot].immediate)) { instructions[slot].immediate = Int32(place) }
    }
    let program = ProgramSpec(name: "random", type: type, instructions: instructions, functions: functions)
    let others = named.contains(RandomMap.programs) ? [Self.target(type)] : []
    return ObjectSpec(programs: [program] + others, maps: maps, btf: hasCallbacks ? Self.types : nil, license: "GPL")
  }

  /// What tail calls go to.
  package static func target(_ type: ProgramType) -> ProgramSpec {
    ProgramSpec(name: targetName, type: type, instructions: [.mov64(.r0, 77), .exit])
  }

  package static let targetName = "target"

  /// Whether it loads the address of a function: the kernel then wants to know the functions' types.
  package var hasCallbacks: Bool { instructions.contains { $0.isWide && $0.source == WideSource.function } }

  /// The functions: wherever a call inside the program leads, and what it loads the address of. They have types where there are callbacks.
  package var functions: [FunctionSpec] {
    var starts: Set = [0]
    for (slot, instruction) in instructions.enumerated() {
      let isCall = instruction.opcode == Opcode.callHelper && instruction.source == CallSource.local
      guard isCall || instruction.isWide && instruction.source == WideSource.function else { continue }
      let target = slot + 1 + Int(instruction.immediate)
      if instructions.indices.contains(target) { starts.insert(target) }
    }
    let typeID = hasCallbacks ? Self.functionType : 0
    return starts.sorted().map { FunctionSpec(name: $0 == 0 ? "random" : "function_\($0)", start: $0, typeID: typeID) }
  }

  /// `static int random(void *ctx)`: the kernel asks only that callbacks are static and that functions return a number.
  package static let types: BTF = {
    var builder = BTFBuilder()
    let int = builder.addInteger("int", size: 4, isSigned: true)
    let context = builder.addPointer(to: 0)
    let function = builder.addFunction(
      "random", prototype: builder.addPrototype(result: int, parameters: [.init("ctx", type: context)]), linkage: .isStatic)
    precondition(function == functionType)
    do { return try builder.build() } catch { preconditionFailure("the types of random programs: \(error)") }
  }()

  private static let functionType: BTF.TypeID = 4

  /// The program as assembly that the assembler reads back.
  package var listing: String { Disassembler().listing(instructions, bytes: false) }
}

/// The maps of every random program.
package enum RandomMap {
  /// One value, 128 bytes: what a program leaves of its registers.
  package static let results = 0
  /// Four values of 64 bytes.
  package static let array = 1
  /// Up to eight values of 16 bytes under keys of 8.
  package static let hash = 2
  /// Up to four values of 8 bytes.
  package static let queue = 3
  /// A prog array of two; the second is ``RandomProgram/target``.
  package static let programs = 4
  /// One value of 64 bytes, whose address programs have as a constant.
  package static let data = 5
  /// A ring buffer of a page.
  package static let ring = 6
  /// An LRU hash of 2000 values of 16 bytes under keys of 4: never so full that it gives one up.
  package static let lru = 7
  /// Up to eight values of 16 bytes for each processor, under keys of 4.
  package static let perCPUHash = 8
  /// Four values of 16 bytes for each processor.
  package static let perCPUArray = 9
  /// Up to 16 values of 16 bytes under prefixes of 32 bits.
  package static let trie = 10
  /// Up to four values of 8 bytes.
  package static let stack = 11
  /// One value of 64 bytes that nobody changes: the formats of ``formats``.
  package static let text = 12

  package static let resultSize = 128
  package static let arrayCount = 4
  package static let arraySize = 64
  package static let hashCount = 8
  package static let hashKey = 8
  package static let hashSize = 16
  package static let queueCount = 4
  package static let queueSize = 8
  package static let smallSize = 16

  /// Formats of numbers, with how many they take; each begins 16 bytes behind the one before.
  package static let formats: [(text: String, count: Int)] = [("%d %u", 2), ("%llx", 1), ("<%5x|%-3d>%%", 2), ("%c%li", 2)]

  /// Bytes of a key and of a value.
  package static func sizes(of map: Int) -> (key: Int, value: Int) {
    let spec = all[map]
    return (spec.keySize, spec.valueSize)
  }

  /// Whether elements come and go, so that a pointer to a value is good only until the next change.
  package static func isVolatile(_ map: Int) -> Bool { [hash, lru, perCPUHash, trie].contains(map) }

  private static let all = specs()

  package static func specs(_ contents: [Int: [MapSpec.Entry]] = [:]) -> [MapSpec] {
    var specs = [
      MapSpec(name: "results", type: .array, keySize: 4, valueSize: resultSize, maxEntries: 1),
      MapSpec(name: "array", type: .array, keySize: 4, valueSize: arraySize, maxEntries: arrayCount),
      MapSpec(name: "hash", type: .hash, keySize: hashKey, valueSize: hashSize, maxEntries: hashCount),
      MapSpec(name: "queue", type: .queue, keySize: 0, valueSize: queueSize, maxEntries: queueCount),
      MapSpec(
        name: "programs", type: .progArray, keySize: 4, valueSize: 4, maxEntries: 2,
        contents: [.init(key: [1, 0, 0, 0], value: .program(RandomProgram.targetName))]),
      MapSpec(name: "data", type: .array, keySize: 4, valueSize: arraySize, maxEntries: 1),
      MapSpec(name: "ring", type: .ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096),
      MapSpec(name: "lru", type: .lruHash, keySize: 4, valueSize: smallSize, maxEntries: 2000),
      MapSpec(name: "percpu_hash", type: .percpuHash, keySize: 4, valueSize: smallSize, maxEntries: 8),
      MapSpec(name: "percpu_array", type: .percpuArray, keySize: 4, valueSize: smallSize, maxEntries: 4),
      MapSpec(name: "trie", type: .lpmTrie, keySize: 8, valueSize: smallSize, maxEntries: 16, flags: .noPreallocation),
      MapSpec(name: "stack", type: .stack, keySize: 0, valueSize: queueSize, maxEntries: queueCount),
      MapSpec(
        name: "text", type: .array, keySize: 4, valueSize: 64, maxEntries: 1, flags: .readOnlyProgram,
        contents: [
          .init(
            key: [0, 0, 0, 0],
            value: .bytes(formats.flatMap { Array(($0.text.utf8 + [UInt8](repeating: 0, count: 16)).prefix(16)) }))
        ], isFrozen: true),
    ]
    for (index, entries) in contents { specs[index].contents = entries }
    return specs
  }
}
