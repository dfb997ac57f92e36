import EBPFBTF
import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

/// `BPF_F_LOCK` on maps whose values have a `struct bpf_spin_lock` and on others: the kernel's answers and this process's are equal.
@Suite("Locked updates, as the kernel's", .needsKernel)
struct LockedUpdateTests {
  /// A map of `struct { u32 kind; struct bpf_spin_lock lock; u64 a; u64 b; }`, or of 24 bytes without a type.
  private func object(_ type: MapType, hasLock: Bool, _ instructions: [Instruction]) throws -> ObjectSpec {
    var btf = BTFBuilder()
    let u32 = btf.addInteger("unsigned int", size: 4)
    let u64 = btf.addInteger("unsigned long long", size: 8)
    let lock = btf.addStructure("bpf_spin_lock", size: 4, members: [.init("val", type: u32, bitOffset: 0)])
    let value = btf.addStructure(
      "value", size: 24,
      members: [
        .init("kind", type: u32, bitOffset: 0), .init("lock", type: lock, bitOffset: 32), .init("a", type: u64, bitOffset: 64),
        .init("b", type: u64, bitOffset: 128),
      ])
    var map = MapSpec(name: "m", type: type, keySize: 4, valueSize: 24, maxEntries: 2)
    if hasLock { (map.keyTypeID, map.valueTypeID) = (u32, value) }
    return ObjectSpec(
      programs: [ProgramSpec(name: "p", type: .schedCls, instructions: instructions)], maps: [map], btf: try btf.build(), license: "GPL")
  }

  private func answer(_ body: () throws(HostError) -> String) -> String {
    do throws(HostError) { return try body() } catch { return "errno \(error.errno)" }
  }

  /// Every flag, from a program and from the host, with and without the element; then what is in the map.
  private func answers(_ host: any Host, _ options: LoadOptions, _ type: MapType, hasLock: Bool) throws -> [String] {
    var answers: [String] = []
    for flags: Int32 in [0, 1, 2, 4, 5, 6, 7, 8, 12] {
      for isThere in [false, true] {
        let program =
          [.store(.dw, .r10, -24, 0x11), .store(.dw, .r10, -16, 0x22), .store(.dw, .r10, -8, 0x33), .store(.w, .r10, -28, 0)]
          + [.mov64(.r2, .r10), .add64(.r2, -28), .mov64(.r3, .r10), .add64(.r3, -24), .mov64(.r4, flags)]
          + Instruction.map(.r1, index: 0) + [.call(2), .exit]
        let loaded = try host.load(object(type, hasLock: hasLock, program), options: options)
        defer { loaded.close() }
        let map = loaded.maps[0]
        let key: [UInt8] = [0, 0, 0, 0]
        let value = [UInt8](repeating: 7, count: map.fullValueSize)
        if isThere { try map.update(key, value) }
        let result = try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 14))).returnValue
        answers.append("\(flags), \(isThere): \(Int32(truncatingIfNeeded: result))")
        // Of values for each processor, which ran the program is another matter.
        if map.processorCount == 1 { answers.append(answer { () throws(HostError) in "\(try map.lookup(key) ?? [])" }) }
        answers.append(answer { () throws(HostError) in "\(try map.lookup(key, locked: true)?.count ?? -1)" })
        for mode: UpdateMode in [.any, .noExist, .exist] {
          answers.append(
            answer { () throws(HostError) in
              try map.update(key, value, mode, locked: true)
              return "\(try map.lookup(key, locked: true) ?? [])"
            })
        }
      }
    }
    return answers
  }

  @Test(arguments: [(MapType.array, true), (.array, false), (.hash, true), (.hash, false), (.lruHash, false), (.percpuArray, false)])
  func flags(type: MapType, hasLock: Bool) throws {
    let expected = try answers(KernelHost(), LoadOptions(), type, hasLock: hasLock)
    for engine in LoadOptions.Engine.allCases {
      var options = LoadOptions()
      options.engine = engine
      options.verification = .unchecked
      let here = try answers(UserspaceHost(), options, type, hasLock: hasLock)
      for (left, right) in zip(here, expected) { #expect(left == right, "\(engine)") }
      #expect(here.count == expected.count)
    }
  }
}
