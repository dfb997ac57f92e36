import EBPFTables
import Testing

@Suite struct IdentifierTests {
  @Test func numbersAreTheKernels() {
    #expect(ProgramType.socketFilter.rawValue == 1)
    #expect(ProgramType.xdp.rawValue == 6)
    #expect(ProgramType.netfilter.rawValue == 32)
    #expect(MapType.lpmTrie.rawValue == 11)
    #expect(MapType.cgroupStorage.rawValue == 19)
    #expect(MapType.arena.rawValue == 33)
    #expect(AttachType.cgroupInetIngress.rawValue == 0)
    #expect(AttachType.xdp.rawValue == 37)
    #expect(HelperID.mapLookupElem.rawValue == 1)
    #expect(HelperID.cgrpStorageDelete.rawValue == 211)
  }

  @Test func everyNameLeadsBackToItsNumber() {
    for type in ProgramType.all { #expect(type.name.flatMap { ProgramType(name: $0) } == type) }
    for type in MapType.all { #expect(type.name.flatMap { MapType(name: $0) } == type) }
    for type in AttachType.all { #expect(type.name.flatMap { AttachType(name: $0) } == type) }
    for helper in HelperID.all { #expect(helper.name.flatMap { HelperID(name: $0) } == helper) }
    #expect(ProgramType.all.count == 32)
    #expect(MapType.all.count >= 33)
    #expect(HelperID.all.count == 211)
  }

  @Test func namesAreReadInEachSpelling() {
    #expect(ProgramType(name: "sched_cls") == .schedCls)
    #expect(ProgramType(name: "BPF_PROG_TYPE_SCHED_CLS") == .schedCls)
    #expect(ProgramType(name: "raw") == .rawMemory)
    #expect(ProgramType.rawMemory.name == "raw")
    #expect(MapType(name: "BPF_MAP_TYPE_LPM_TRIE") == .lpmTrie)
    #expect(MapType(name: "percpu_cgroup_storage") == .percpuCgroupStorage)
    #expect(AttachType(name: "BPF_CGROUP_INET4_BIND") == .cgroupInet4Bind)
    #expect(HelperID(name: "map_lookup_elem") == .mapLookupElem)
    #expect(HelperID(name: "bpf_map_lookup_elem") == .mapLookupElem)
  }

  @Test func unknownNamesAndNumbersHaveNoOther() {
    #expect(ProgramType(name: "") == nil)
    #expect(ProgramType(name: "BPF_PROG_TYPE_") == nil)
    #expect(MapType(name: "Hash") == nil)
    #expect(HelperID(name: "bpf_") == nil)
    #expect(ProgramType(rawValue: .max).name == nil)
    #expect(MapType(rawValue: 4_000_000_000).description == "map type 4000000000")
    #expect(HelperID(rawValue: 212).name == nil)
  }
}
