internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

extension ProgramModel {
  /// Every `ld_imm64` of a map names a map that there is, and a place in its value; also where no path comes to it
  /// (`resolve_pseudo_ldimm64`).
  func checkMapReferences() throws(Rejection) {
    var used: Set<Int32> = []
    for slot in 0..<count where instructions[slot].isWide {
      let instruction = instructions[slot]
      switch instruction.source {
      case WideSource.mapIndex, WideSource.mapIndexValue:
        guard instruction.immediate >= 0, Int(instruction.immediate) < ownMapCount else {
          throw Rejection(category: .unsafe, message: "the object has no map \(instruction.immediate)", instruction: slot)
        }
        used.insert(instruction.immediate)
        if used.count > 64 {
          throw Rejection(
            category: .unsafe, message: "The total number of maps per program has reached the limit of 64", instruction: slot)
        }
        let map = maps[Int(instruction.immediate)]
        if let problem = problem(with: map) { throw Rejection(category: .unsafe, message: problem, instruction: slot) }
        if instruction.source == WideSource.mapIndexValue {
          try checkPlace(in: map, at: UInt32(bitPattern: instructions[slot + 1].immediate), slot)
        }
      case WideSource.mapFD, WideSource.mapFDValue:
        throw Rejection(
          category: .unsupported, message: "a map by file descriptor \(instruction.immediate)", instruction: slot,
          suggestion: "Link the program to the maps of its object (ld_imm64 with source 5 or 6).")
      default: break
      }
    }
  }

  /// The kernel looks up every kernel function that is called, also where no path comes to the call (`add_kfunc_call`).
  func checkKernelCalls(_ program: ProgramSpec) throws(Rejection) {
    for slot in 0..<count where instructions[slot].isKernelCall && instructions[slot].immediate != 0 {
      if program.references.contains(where: { $0.slot == slot }) { continue }
      throw Rejection(category: .unsupported, message: "a kernel function by number \(instructions[slot].immediate)", instruction: slot)
    }
  }

  private func checkPlace(in map: MapModel, at offset: UInt32, _ slot: Int) throws(Rejection) {
    if map.type == .arena { throw Rejection(category: .unsupported, message: "arena memory", instruction: slot) }
    let problem: String
    if offset >= UInt32(Register.maximumOffset) {
      problem = "direct value offset of \(offset) is not allowed"
    } else if !map.hasDirectValue {
      problem = "no direct value access support for this map type"
    } else if map.maxEntries != 1 || Int(offset) >= map.valueSize {
      problem = "invalid access to map value pointer, value_size=\(map.valueSize) off=\(offset)"
    } else {
      return
    }
    throw Rejection(category: .unsafe, message: problem, instruction: slot)
  }

  /// Program types that some maps are not for (`check_map_prog_compatibility`).
  private func problem(with map: MapModel) -> String? {
    let isTracing: Bool
    switch type {
    case .kprobe, .tracepoint, .perfEvent, .rawTracepoint, .rawTracepointWritable: isTracing = true
    default: isTracing = false
    }
    if map.hasField(.spinLock) || map.hasField(.resilientSpinLock) {
      if type == .socketFilter { return "socket filter progs cannot use bpf_spin_lock yet" }
      if isTracing { return "tracing progs cannot use bpf_spin_lock yet" }
    }
    if isTracing {
      if map.hasField(.timer) { return "tracing progs cannot use bpf_timer yet" }
      if map.hasField(.workQueue) { return "tracing progs cannot use bpf_wq yet" }
      if map.hasField(.listHead) || map.hasField(.treeRoot) { return "tracing progs cannot use bpf_{list_head,rb_root} yet" }
    }
    if map.type == .structOps { return "bpf_struct_ops map cannot be used in prog" }
    guard isSleepable else { return nil }
    switch map.type {
    case .hash, .lruHash, .array, .percpuHash, .percpuArray, .lruPercpuHash, .arrayOfMaps, .hashOfMaps, .ringbuf, .userRingbuf,
      .inodeStorage, .skStorage, .taskStorage, .cgrpStorage, .queue, .stack, .arena:
      return nil
    default: return "Sleepable programs can only use array, hash, ringbuf and local storage maps"
    }
  }
}
