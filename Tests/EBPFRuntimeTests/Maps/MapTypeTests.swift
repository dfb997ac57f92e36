import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFVerifier
import Testing

/// Every map type that there is: what the host says it has, it makes, and programs that use it are proved; the others it refuses.
@Suite("Map types")
struct MapTypeTests {
  /// A map of a type that this host has, as programs declare them.
  private static func spec(_ type: MapType) -> MapSpec {
    var spec = MapSpec(name: "m", type: type, keySize: 4, valueSize: 4, maxEntries: 4)
    switch type {
    case .queue, .stack: spec.keySize = 0
    case .ringbuf: (spec.keySize, spec.valueSize, spec.maxEntries) = (0, 0, 4096)
    case .lpmTrie:
      spec.keySize = 8
      spec.flags = .noPreallocation
    case .arrayOfMaps, .hashOfMaps: spec.inner = [MapSpec(name: "inner", type: .array, keySize: 4, valueSize: 8, maxEntries: 1)]
    default: break
    }
    return spec
  }

  /// A program that calls what its type is for, on the map.
  private static func program(_ type: MapType) -> [Instruction] {
    let key: [Instruction] = [.store(.dw, .r10, -8, 0), .mov64(.r2, .r10), .add64(.r2, -8)]
    let map = Instruction.map(.r1, index: 0)
    let end: [Instruction] = [.mov64(.r0, 2), .exit]
    func call(_ helper: HelperID, _ arguments: [Instruction]) -> [Instruction] { arguments + [.call(Int32(helper.rawValue))] + end }
    return switch type {
    case .queue, .stack: call(.mapPeekElem, key + map)
    case .ringbuf: call(.ringbufQuery, map + [.mov64(.r2, 0)])
    case .progArray: call(.tailCall, Instruction.map(.r2, index: 0) + [.mov64(.r3, 0)])
    case .perfEventArray:
      call(
        .perfEventOutput,
        [.mov64(.r6, .r1)] + key + [.mov64(.r4, .r2)] + Instruction.map(.r2, index: 0)
          + [.mov64(.r1, .r6), .mov64(.r3, 0), .mov64(.r5, 8)])
    case .devmap, .devmapHash, .cpumap, .xskmap: call(.redirectMap, map + [.mov64(.r2, 0), .mov64(.r3, 0)])
    default: call(.mapLookupElem, key + map)
    }
  }

  @Test("each is there, or refused", arguments: MapType.all) func each(_ type: MapType) throws {
    let spec = ProgramSpec(name: "user", type: .xdp, instructions: Self.program(type))
    let object = ObjectSpec(programs: [spec], maps: [Self.spec(type)], license: "GPL")
    guard UserspaceHost.mapTypes.contains(type) else {
      let error = #expect(throws: HostError.self) { try UserspaceHost().load(object) }
      #expect(error?.code == .unsupported && error?.message == "map 'm': the userspace host does not have maps of type \(type)")
      return
    }
    for engine in engines {
      var options = LoadOptions()
      options.engine = engine
      let loaded = try UserspaceHost().load(object, options: options)
      defer { loaded.close() }
      #expect(try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 60))).returnValue == 2)
      // Its contents can be listed, or the refusal says why.
      do throws(HostError) { _ = try loaded.maps[0].entries() } catch { #expect(error.code != .closed && !error.message.isEmpty) }
    }
  }

  /// A new type must be put into the verifier's table: what is not named there goes with no helper.
  @Test("each goes with some helper") func compatibility() {
    let without = MapType.all.filter { type in !HelperID.all.contains { MapCompatibility.takes(type, $0) } }
    #expect(Set(without) == [.structOps, .insnArray])
    #expect(!HelperID.all.contains { MapCompatibility.takes(MapType(rawValue: 9999), $0) })
  }
}
