internal import EBPFISA
package import EBPFTables

/// What helpers give back, and which maps they take.
extension Search {
  mutating func setResult(_ facts: CallFacts, _ name: String) throws(Stop) {
    let result = facts.prototype.result
    var flags = result.flags
    var register: Register
    switch result.base {
    case .integer: register = .unknown
    case .void: register = .uninitialized
    case .ptrToMapValue:
      guard let map = facts.map else { throw fail("kernel subsystem misconfigured verifier") }
      if facts.helper == .mapLookupElem, let key = facts.key, key < UInt64(program.maps[map].maxEntries),
        !program.maps[map].flags.contains(.innerMap)
      {
        flags.remove(.ptrMaybeNull)
      }
      register = .pointer(.mapValue, flags: flags, detail: Int32(map))
      register.lookup = facts.lookup
      if !flags.contains(.ptrMaybeNull), program.maps[map].inner != nil { markNotNull(&register) }
    case .ptrToSocket: register = .pointer(.socket, flags: flags)
    case .ptrToSockCommon: register = .pointer(.socketCommon, flags: flags)
    case .ptrToTcpSock: register = .pointer(.tcpSocket, flags: flags)
    case .ptrToMem:
      guard facts.memorySize <= UInt64(UInt32.max) else { throw unsupported("memory over 4 GiB") }
      register = .pointer(.memory, flags: flags, detail: Int32(bitPattern: UInt32(facts.memorySize)))
    case .ptrToBtfId:
      guard let type = result.typeName else { throw unsupported("what \(name) gives") }
      register = .pointer(.kernelObject, flags: flags, detail: objectIndex(type))
    case .ptrToMemOrBtfId: throw unsupported("per-CPU kernel variables")
    }
    if register.mayBeNull { register.id = newID() }
    if facts.helper.castsPointer {
      register.reference = facts.reference
    } else if acquires(facts) {
      let id = newID()
      state.pointee.references.append(HeldReference(id: id, instruction: at))
      register.id = id
      register.reference = id
    }
    switch facts.helper {
    case .getStack, .getTaskStack, .probeReadStr, .probeReadKernelStr, .probeReadUserStr:
      let most = Int64(truncatingIfNeeded: facts.length)
      register.scalar.smax = most
      register.scalar.s32max = Int32(truncatingIfNeeded: most)
      register.scalar.smin = -4095
      register.scalar.s32min = -4095
      register.scalar.sync()
    default: break
    }
    registers[0] = register
  }

  /// `is_acquire_function`.
  private func acquires(_ facts: CallFacts) -> Bool {
    switch facts.helper {
    case .skLookupTcp, .skLookupUdp, .skcLookupTcp, .ringbufReserve, .kptrXchg: return true
    case .mapLookupElem:
      guard let map = facts.map else { return false }
      return program.maps[map].type == .sockmap || program.maps[map].type == .sockhash
    default: return false
    }
  }

  mutating func objectIndex(_ name: String) -> Int32 {
    if let index = objectNames.firstIndex(of: name) { return Int32(index) }
    objectNames.append(name)
    return Int32(objectNames.count - 1)
  }

  // MARK: Maps

  /// A map type goes with some helpers, and some helpers go with few map types (`check_map_func_compatibility`).
  mutating func checkMap(_ facts: CallFacts, _ name: String) throws(Stop) {
    guard let index = facts.map else { return }
    let type = program.maps[index].type
    let helper = facts.helper
    guard MapCompatibility.takes(type, helper), MapCompatibility.goes(helper, type) else {
      if MapCompatibility.isSocketUpdate(type, helper), !mayUpdateSocketMap(helper) {
        throw fail("cannot update sockmap in this context; cannot pass map_type \(type.rawValue) into func \(name)#\(helper.rawValue)")
      }
      throw fail("cannot pass map_type \(type.rawValue) into func \(name)#\(helper.rawValue)", .argument)
    }
    if MapCompatibility.isSocketUpdate(type, helper), !mayUpdateSocketMap(helper) {
      throw fail("cannot update sockmap in this context; cannot pass map_type \(type.rawValue) into func \(name)#\(helper.rawValue)")
    }
  }

  private func mayUpdateSocketMap(_ helper: HelperID) -> Bool {
    switch program.type {
    case .socketFilter, .schedCls, .schedAct, .xdp, .skReuseport, .flowDissector, .skLookup: true
    case .sockOps: helper == .mapDeleteElem
    default: false
    }
  }
}

extension HelperID {
  /// The result is another view of the argument, and lives as long (`is_ptr_cast_function`).
  var castsPointer: Bool {
    switch self {
    case .tcpSock, .skFullsock, .skcToTcpSock, .skcToTcp6Sock, .skcToUdp6Sock, .skcToMptcpSock, .skcToTcpTimewaitSock,
      .skcToTcpRequestSock:
      true
    default: false
    }
  }
}

/// Which maps go with which helpers.
package enum MapCompatibility {
  /// The helpers that a map type is for; unknown map types go with none.
  package static func takes(_ type: MapType, _ helper: HelperID) -> Bool {
    switch type {
    case .progArray: helper == .tailCall
    case .perfEventArray:
      helper == .perfEventRead || helper == .perfEventOutput || helper == .skbOutput || helper == .perfEventReadValue
        || helper == .xdpOutput
    case .ringbuf:
      helper == .ringbufOutput || helper == .ringbufReserve || helper == .ringbufQuery || helper == .ringbufReserveDynptr
        || helper == .ringbufSubmitDynptr || helper == .ringbufDiscardDynptr
    case .userRingbuf: helper == .userRingbufDrain
    case .stackTrace: helper == .getStackid
    case .cgroupArray: helper == .skbUnderCgroup || helper == .currentTaskUnderCgroup
    case .cgroupStorage, .percpuCgroupStorage: helper == .getLocalStorage
    case .devmap, .devmapHash, .xskmap: helper == .redirectMap || helper == .mapLookupElem
    case .cpumap: helper == .redirectMap
    case .arrayOfMaps, .hashOfMaps: helper == .mapLookupElem
    case .sockmap:
      helper == .skRedirectMap || helper == .sockMapUpdate || helper == .msgRedirectMap || helper == .skSelectReuseport
        || helper == .mapLookupElem || helper == .mapUpdateElem || helper == .mapDeleteElem
    case .sockhash:
      helper == .skRedirectHash || helper == .sockHashUpdate || helper == .msgRedirectHash || helper == .skSelectReuseport
        || helper == .mapLookupElem || helper == .mapUpdateElem || helper == .mapDeleteElem
    case .reuseportSockarray: helper == .skSelectReuseport
    case .queue, .stack: helper == .mapPeekElem || helper == .mapPopElem || helper == .mapPushElem
    case .skStorage: helper == .skStorageGet || helper == .skStorageDelete || helper == .kptrXchg
    case .inodeStorage: helper == .inodeStorageGet || helper == .inodeStorageDelete || helper == .kptrXchg
    case .taskStorage: helper == .taskStorageGet || helper == .taskStorageDelete || helper == .kptrXchg
    case .cgrpStorage: helper == .cgrpStorageGet || helper == .cgrpStorageDelete || helper == .kptrXchg
    case .bloomFilter: helper == .mapPeekElem || helper == .mapPushElem
    case .insnArray, .structOps: false
    // Any helper that goes with any map.
    case .hash, .array, .percpuHash, .percpuArray, .lruHash, .lruPercpuHash, .lpmTrie, .arena, .rhash: true
    default: false
    }
  }

  /// The map types that a helper is for.
  static func goes(_ helper: HelperID, _ type: MapType) -> Bool {
    switch helper {
    case .tailCall: type == .progArray
    case .perfEventRead, .perfEventOutput, .perfEventReadValue, .skbOutput, .xdpOutput: type == .perfEventArray
    case .ringbufOutput, .ringbufReserve, .ringbufQuery, .ringbufReserveDynptr, .ringbufSubmitDynptr, .ringbufDiscardDynptr:
      type == .ringbuf
    case .userRingbufDrain: type == .userRingbuf
    case .getStackid: type == .stackTrace
    case .currentTaskUnderCgroup, .skbUnderCgroup: type == .cgroupArray
    case .redirectMap: type == .devmap || type == .devmapHash || type == .cpumap || type == .xskmap
    case .skRedirectMap, .msgRedirectMap, .sockMapUpdate: type == .sockmap
    case .skRedirectHash, .msgRedirectHash, .sockHashUpdate: type == .sockhash
    case .getLocalStorage: type == .cgroupStorage || type == .percpuCgroupStorage
    case .skSelectReuseport: type == .reuseportSockarray || type == .sockmap || type == .sockhash
    case .mapPopElem: type == .queue || type == .stack
    case .mapPeekElem, .mapPushElem: type == .queue || type == .stack || type == .bloomFilter
    case .mapLookupPercpuElem: type == .percpuArray || type == .percpuHash || type == .lruPercpuHash
    case .skStorageGet, .skStorageDelete: type == .skStorage
    case .inodeStorageGet, .inodeStorageDelete: type == .inodeStorage
    case .taskStorageGet, .taskStorageDelete: type == .taskStorage
    case .cgrpStorageGet, .cgrpStorageDelete: type == .cgrpStorage
    default: true
    }
  }

  static func isSocketUpdate(_ type: MapType, _ helper: HelperID) -> Bool {
    (type == .sockmap || type == .sockhash) && (helper == .mapUpdateElem || helper == .mapDeleteElem)
  }
}
