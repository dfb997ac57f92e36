import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport

/// What a program left behind: everything that is compared.
struct Outcome: Hashable {
  /// The low 32 bits of r0.
  var result: UInt32
  var packet: [UInt8]
  /// By map: the entries by key; a queue's values in their order, under their numbers. Only maps that the program names. Of values
  /// for each processor, which differ by where a program ran, those that there are, sorted.
  var maps: [[[UInt8]: [UInt8]]]

  /// Where it differs from another, `nil` where it does not.
  func difference(from other: Outcome) -> String? {
    var parts: [String] = []
    if result != other.result { parts.append("r0 0x\(String(result, radix: 16)) and 0x\(String(other.result, radix: 16))") }
    if packet != other.packet { parts.append("packet \(packet.hex) and \(other.packet.hex)") }
    for (index, (one, another)) in zip(maps, other.maps).enumerated() {
      for key in Set(one.keys).union(another.keys).sorted(by: { $0.hex < $1.hex }) where one[key] != another[key] {
        parts.append("map \(index)[\(key.hex)] \(one[key]?.hex ?? "none") and \(another[key]?.hex ?? "none")")
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// The contents of some maps.
  static func contents(_ maps: [Map]) throws(HostError) -> [[[UInt8]: [UInt8]]] {
    var result: [[[UInt8]: [UInt8]]] = []
    for map in maps {
      var entries: [[UInt8]: [UInt8]] = [:]
      switch map.spec.type {
      case .queue, .stack: while let value = try map.lookupAndDelete([]) { entries[[UInt8(entries.count)]] = value }
      case .ringbuf: _ = try map.drain { record in entries[[UInt8(truncatingIfNeeded: entries.count)]] = [UInt8](record) }
      case .progArray: break
      case .array:
        for number in 0..<map.spec.maxEntries {
          let key = [UInt8(number), 0, 0, 0]
          entries[key] = try map.lookup(key)
        }
      case .percpuArray, .percpuHash:
        for (key, value) in try map.entries() { entries[key] = Self.distinct(value, size: map.spec.valueSize) }
      default: for (key, value) in try map.entries() { entries[key] = value }
      }
      result.append(entries)
    }
    return result
  }
}

extension Outcome {
  /// The distinct values among those of all processors, in the order of their bytes.
  private static func distinct(_ values: [UInt8], size: Int) -> [UInt8] {
    let stride = (size + 7) / 8 * 8
    let each = Set(Swift.stride(from: 0, to: values.count, by: stride).map { [UInt8](values[$0..<min($0 + stride, values.count)]) })
    return each.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
  }
}

extension [UInt8] {
  var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

/// The kernel as an engine for programs of one type. Its maps are made once and filled anew for every program.
final class KernelEngine {
  private var oracle: KernelOracle
  private let loaded: Loaded
  private let descriptors: [Int32]
  /// Maps that a program before may have changed.
  private var dirty: Set<Int> = Set(RandomMap.specs().indices)

  init(type: ProgramType) throws(HostError) {
    loaded = try KernelHost().load(ObjectSpec(programs: [RandomProgram.target(type)], maps: RandomMap.specs(), license: "GPL"))
    descriptors = loaded.maps.map { $0.kernelDescriptor ?? -1 }
    oracle = try KernelOracle(type: type, types: RandomProgram.types)
  }

  deinit { loaded.close() }

  /// The verifier's objection, or `nil` where the program is now loaded.
  func load(_ program: RandomProgram) throws(HostError) -> String? {
    var instructions = program.instructions
    for slot in instructions.indices where instructions[slot].isWide {
      guard descriptors.indices.contains(Int(instructions[slot].immediate)) else { continue }
      switch instructions[slot].source {
      case WideSource.mapIndex: instructions[slot].source = WideSource.mapFD
      case WideSource.mapIndexValue: instructions[slot].source = WideSource.mapFDValue
      default: continue
      }
      instructions[slot].immediate = descriptors[Int(instructions[slot].immediate)]
    }
    return try oracle.load(instructions, functions: program.hasCallbacks ? program.functions : [])
  }

  /// Runs the program that was loaded last, and unloads it.
  func run(_ program: RandomProgram) throws(HostError) -> Outcome {
    let named = program.namedMaps.sorted()
    for index in named where dirty.contains(index) { try fill(loaded.maps[index], program.contents[index] ?? []) }
    dirty.formUnion(named)
    let result = try oracle.run(program.packet)
    let packet = [UInt8](oracle.output)
    oracle.unload()
    return Outcome(result: result, packet: packet, maps: try Outcome.contents(named.map { loaded.maps[$0] }))
  }

  private func fill(_ map: Map, _ contents: [MapSpec.Entry]) throws(HostError) {
    switch map.spec.type {
    case .progArray: return
    case _ where map.spec.isFrozen: return
    case .ringbuf: _ = try map.drain { _ in }
    case .queue, .stack: while try map.lookupAndDelete([]) != nil {}
    case .array:
      for number in contents.count..<map.spec.maxEntries {
        try map.update([UInt8(number), 0, 0, 0], [UInt8](repeating: 0, count: map.spec.valueSize))
      }
    case .percpuArray:
      for number in 0..<map.spec.maxEntries {
        let key: [UInt8] = [UInt8(number), 0, 0, 0]
        let size = try map.lookup(key)?.count ?? 0
        try map.update(key, [UInt8](repeating: 0, count: size))
      }
    default: for (key, _) in try map.entries() { _ = try map.delete(key) }
    }
    for entry in contents { if case .bytes(let value) = entry.value { try map.update(entry.key, value) } }
  }
}

/// An engine of this process.
enum UserspaceEngine {
  /// Loads the program with its own maps, runs it once and gives all back.
  static func run(
    _ program: RandomProgram, engine: LoadOptions.Engine, verification: LoadOptions.Verification
  ) throws(HostError) -> Outcome {
    var options = LoadOptions()
    options.engine = engine
    options.verification = verification
    options.instructionBudget = 1_000_000
    let loaded = try UserspaceHost().load(program.object, options: options)
    defer { loaded.close() }
    let result = try loaded.programs[0].run(TestInput(data: program.packet))
    return Outcome(
      result: UInt32(truncatingIfNeeded: result.returnValue), packet: result.data,
      maps: try Outcome.contents(loaded.maps))
  }
}
