import EBPF
import EBPFISA
import EBPFTables
import EBPFVerifier

/// Programs of every type that the verifier takes, with maps: what is proved does not fault in the checked interpreter.
///
/// The input is instructions; bytes behind the last whole one choose the type, by the last of them. A map's number is ``maps``' index.
func fuzzVerifier(_ input: [UInt8]) -> CInt {
  let size = min(input.count / 8, 4096) * 8
  guard var program = Instruction.decode(input.prefix(size)) else { return 0 }
  let type = types[input.count > size ? Int(input[input.count - 1]) % types.count : 0]
  // Only the maps that it names are made.
  var used: [Int] = []
  for slot in program.indices where program[slot].isWide && isMapReference(program[slot]) {
    let map = Int(program[slot].immediate)
    guard maps.indices.contains(map) else { continue }
    if !used.contains(map) { used.append(map) }
    program[slot].immediate = Int32(used.firstIndex(of: map)!)
  }
  let spec = ProgramSpec(name: "fuzz", type: type, instructions: program)
  let object = ObjectSpec(programs: [spec], maps: used.map { maps[$0] }, license: "GPL")
  guard isProved(spec, in: object, memorySize: packet.count, limit: instructionLimit) else { return 0 }
  var options = LoadOptions()
  options.engine = .checked
  options.verification = .unchecked
  options.memorySize = packet.count
  options.instructionBudget = instructionBudget
  do {
    let loaded = try UserspaceHost().load(object, options: options)
    defer { loaded.close() }
    let takesContext = type == .rawTracepoint || type == .syscall
    // As large as a context of the type can be: what is proved may reach so far.
    let size = type == .rawTracepoint ? 96 : Int(UInt16.max)
    let bytes = takesContext ? [UInt8](repeating: 0xa5, count: size) : []
    _ = try loaded.programs[0].run(TestInput(data: takesContext ? [] : packet, context: bytes))
  } catch {
    checkFault(error)
  }
  return 0
}

private func isMapReference(_ instruction: Instruction) -> Bool {
  instruction.source == WideSource.mapIndex || instruction.source == WideSource.mapIndexValue
}

private let types: [ProgramType] = [
  .xdp, .rawMemory, .schedCls, .socketFilter, .cgroupSkb, .schedAct, .rawTracepoint, .syscall,
]

/// The maps that programs can name: the kernel's verifier tests have the first six.
private let maps: [MapSpec] = [
  MapSpec(name: "hash8", type: .hash, keySize: 8, valueSize: 8, maxEntries: 4),
  MapSpec(name: "hash16", type: .hash, keySize: 8, valueSize: 16, maxEntries: 4),
  MapSpec(name: "hash48", type: .hash, keySize: 8, valueSize: 48, maxEntries: 4),
  MapSpec(name: "array48", type: .array, keySize: 4, valueSize: 48, maxEntries: 1),
  MapSpec(name: "array1", type: .array, keySize: 4, valueSize: 1, maxEntries: 1),
  MapSpec(name: "ring", type: .ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096),
  MapSpec(name: "programs", type: .progArray, keySize: 4, valueSize: 4, maxEntries: 4),
  MapSpec(name: "perCPU", type: .percpuArray, keySize: 4, valueSize: 8, maxEntries: 4),
  MapSpec(name: "lru", type: .lruHash, keySize: 4, valueSize: 4, maxEntries: 4),
  MapSpec(name: "prefixes", type: .lpmTrie, keySize: 8, valueSize: 8, maxEntries: 4, flags: .noPreallocation),
  MapSpec(name: "queue", type: .queue, keySize: 0, valueSize: 8, maxEntries: 4),
  MapSpec(name: "constants", type: .array, keySize: 4, valueSize: 48, maxEntries: 1, flags: .readOnlyProgram),
  MapSpec(name: "events", type: .perfEventArray, keySize: 4, valueSize: 4, maxEntries: 4),
  MapSpec(
    name: "maps", type: .arrayOfMaps, keySize: 4, valueSize: 4, maxEntries: 2,
    inner: MapSpec(name: "inner", type: .array, keySize: 4, valueSize: 8, maxEntries: 2)),
]

/// A UDP datagram over IPv4 and Ethernet, 64 bytes.
private let packet: [UInt8] =
  [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0]
  + [0x45, 0, 0, 50, 0, 1, 0, 0, 64, 17, 0x26, 0xb8, 10, 0, 0, 1, 10, 0, 0, 2]
  + [0x30, 0x39, 0, 53, 0, 30, 0, 0] + (0..<22).map { UInt8($0) }

/// The inputs that a file of programs gives: an object's programs, their maps replaced by those of ``maps`` that come closest.
func programSeeds(_ object: ObjectSpec, withTypes: Bool) -> [[UInt8]] {
  object.programs.map { program in
    var instructions = program.instructions
    for slot in instructions.indices where instructions[slot].isWide && isMapReference(instructions[slot]) {
      guard object.maps.indices.contains(Int(instructions[slot].immediate)) else { continue }
      let map = object.maps[Int(instructions[slot].immediate)]
      let ranked = maps.indices.min { distance(maps[$0], map) < distance(maps[$1], map) }
      instructions[slot].immediate = Int32(ranked!)
    }
    let type = types.firstIndex { $0 == program.type } ?? 0
    return Instruction.encode(instructions) + (withTypes && type != 0 ? [UInt8(type)] : [])
  }
}

private func distance(_ one: MapSpec, _ other: MapSpec) -> Int {
  (one.type == other.type ? 0 : 10_000) + abs(one.keySize - other.keySize) + abs(one.valueSize - other.valueSize)
}
