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

  /// The program and its maps as an object. In the place of a map that it does not name, a smaller one stands.
  package var object: ObjectSpec {
    let named = namedMaps
    let maps = RandomMap.specs(contents).enumerated().map { index, map in
      named.contains(index) ? map : MapSpec(name: map.name, type: .array, keySize: 4, valueSize: 8, maxEntries: 1)
    }
    let program = ProgramSpec(name: "random", type: type, instructions: instructions, functions: Self.functions(of: instructions))
    let others = named.contains(RandomMap.programs) ? [Self.target(type)] : []
    return ObjectSpec(programs: [program] + others, maps: maps, license: "GPL")
  }

  /// What tail calls go to.
  package static func target(_ type: ProgramType) -> ProgramSpec {
    ProgramSpec(name: targetName, type: type, instructions: [.mov64(.r0, 77), .exit])
  }

  package static let targetName = "target"

  /// The functions of raw instructions: wherever a call inside the program leads.
  package static func functions(of instructions: [Instruction]) -> [FunctionSpec] {
    var starts: Set = [0]
    for (slot, instruction) in instructions.enumerated()
    where instruction.opcode == Opcode.callHelper && instruction.source == CallSource.local {
      let target = slot + 1 + Int(instruction.immediate)
      if instructions.indices.contains(target) { starts.insert(target) }
    }
    return starts.sorted().map { FunctionSpec(name: $0 == 0 ? "random" : "function_\($0)", start: $0) }
  }

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

  package static let resultSize = 128
  package static let arrayCount = 4
  package static let arraySize = 64
  package static let hashCount = 8
  package static let hashKey = 8
  package static let hashSize = 16
  package static let queueCount = 4
  package static let queueSize = 8

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
    ]
    for (index, entries) in contents { specs[index].contents = entries }
    return specs
  }
}
