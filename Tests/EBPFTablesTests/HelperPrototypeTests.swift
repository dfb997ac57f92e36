import EBPFTables
import Testing

@Suite struct HelperPrototypeTests {
  @Test func mapLookup() throws {
    let lookup = try #require(HelperPrototype.find(.mapLookupElem, type: .xdp))
    #expect(lookup.argumentCount == 2)
    #expect(lookup.arguments[0].base == .constMapPtr)
    #expect(lookup.arguments[1].base == .ptrToMapKey)
    #expect(lookup.result.base == .ptrToMapValue)
    #expect(lookup.result.flags == .ptrMaybeNull)
    #expect(lookup.takesPacketMemory)
    #expect(!lookup.isGPLOnly)
  }

  @Test func flagsSizesAndTypes() throws {
    let strtol = try #require(HelperPrototype.find(.strtol, type: .socketFilter))
    #expect(strtol.arguments[0].flags == .memRdonly)
    #expect(strtol.arguments[3].fixedSize == 8)
    #expect(strtol.arguments[3].flags.isSuperset(of: [.memFixedSize, .memUninit, .memAligned, .memWrite]))
    let reserve = try #require(HelperPrototype.find(.ringbufReserve, type: .xdp))
    #expect(reserve.arguments[1].base == .constAllocSizeOrZero)
    #expect(reserve.result.flags == [.ptrMaybeNull, .memRingbuf])
    let submit = try #require(HelperPrototype.find(.ringbufSubmit, type: .xdp))
    #expect(submit.arguments[0].flags == .objRelease)
    let task = try #require(HelperPrototype.find(.getCurrentTaskBtf, type: .rawTracepoint))
    #expect(task.result.typeName == "struct task_struct")
    #expect(task.isGPLOnly)
  }

  @Test func theProgramDecidesTheVariant() {
    #expect(HelperPrototype.find(.getSocketCookie, type: .socketFilter)?.function == "bpf_get_socket_cookie")
    #expect(HelperPrototype.find(.getSocketCookie, type: .sockOps)?.function == "bpf_get_socket_cookie_sock_ops")
    #expect(HelperPrototype.find(.getSocketCookie, type: .syscall)?.arguments[0].base == .ptrToBtfIdSockCommon)
    #expect(HelperPrototype.find(.skbLoadBytes, type: .flowDissector)?.function == "bpf_flow_dissector_load_bytes")
    #expect(HelperPrototype.find(.perfEventOutput, type: .xdp)?.function == "bpf_xdp_event_output")
    #expect(HelperPrototype.find(.getStackid, type: .perfEvent)?.function == "bpf_get_stackid_pe")
    #expect(HelperPrototype.find(.redirect, type: .xdp)?.function == "bpf_xdp_redirect")
    #expect(HelperPrototype.find(.getTaskStack, type: .kprobe, isSleepable: true)?.function == "bpf_get_task_stack_sleepable")
  }

  @Test func typeAttachTypeAndPrivilegeDecideWhoMayCall() {
    #expect(HelperPrototype.find(.skbStoreBytes, type: .socketFilter) == nil)
    #expect(HelperPrototype.find(.skbStoreBytes, type: .schedCls) != nil)
    #expect(HelperPrototype.find(.bind, type: .cgroupSockAddr, attachType: .cgroupInet4Connect) != nil)
    #expect(HelperPrototype.find(.bind, type: .cgroupSockAddr, attachType: .cgroupInet4Bind) == nil)
    #expect(HelperPrototype.find(.tracePrintk, type: .socketFilter, privilege: .bpf) == nil)
    #expect(HelperPrototype.find(.tracePrintk, type: .socketFilter) != nil)
    #expect(HelperPrototype.find(.spinLock, type: .socketFilter, privilege: .none) == nil)
    #expect(HelperPrototype.find(.getFuncArg, type: .tracing, attachType: .traceFentry) != nil)
    #expect(HelperPrototype.find(.getFuncArg, type: .tracing, attachType: .traceRawTp) == nil)
    #expect(HelperPrototype.find(HelperID(rawValue: 0), type: .xdp) == nil)
    #expect(HelperPrototype.find(HelperID(rawValue: .max), type: .xdp) == nil)
    #expect(HelperPrototype.find(.mapLookupElem, type: ProgramType(rawValue: 40)) == nil)
    #expect(HelperPrototype.isAllowed(.bind, type: .cgroupSockAddr))
    #expect(!HelperPrototype.isAllowed(.bind, type: .xdp))
  }

  @Test func rawMemoryProgramsGetWhatNeedsNoContext() {
    #expect(HelperPrototype.isAllowed(.mapUpdateElem, type: .rawMemory))
    #expect(HelperPrototype.isAllowed(.ktimeGetNs, type: .rawMemory))
    #expect(HelperPrototype.isAllowed(.loop, type: .rawMemory))
    #expect(!HelperPrototype.isAllowed(.tailCall, type: .rawMemory))
    #expect(!HelperPrototype.isAllowed(.xdpAdjustHead, type: .rawMemory))
  }

  @Test func everyHelperHasAVariantAndACaller() {
    for helper in HelperID.all {
      let variants = HelperPrototype.variants(of: helper)
      #expect(!variants.isEmpty, "\(helper)")
      for variant in variants {
        #expect(variant.prototype.helper == helper)
        #expect(!variant.programTypes.isEmpty)
      }
    }
    #expect(HelperPrototype.all.count >= 270)
  }
}
