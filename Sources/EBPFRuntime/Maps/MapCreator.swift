import CEBPF
import EBPFBTF
import EBPFHost
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes maps from their specs.
struct MapCreator {
  /// The host's processors.
  var processors: Int
  /// The object's types: where a value has a lock of its own.
  var btf: BTF?

  /// Creates one map, empty.
  /// - Throws: ``HostError`` with the errno that the kernel would give.
  func create(_ given: MapSpec) throws(HostError) -> UserspaceMap {
    let spec = adjusted(given)
    guard UserspaceHost.mapTypes.contains(spec.type) else { throw unsupported(spec) }
    let error = MapLimits.check(spec)
    if error != 0 { throw Self.failure(spec, error) }
    guard let map = try make(spec) else { throw Self.failure(spec, ENOMEM) }
    if let offset = SpinLockField.offset(in: spec, btf) { map.header.pointee.lock_end = UInt32(offset + SpinLockField.size) }
    return map
  }

  private func unsupported(_ spec: MapSpec) -> HostError {
    HostError(.unsupported, "map '\(spec.name)': the userspace host does not have maps of type \(spec.type)", errno: EINVAL)
  }

  private func make(_ spec: MapSpec) throws(HostError) -> UserspaceMap? {
    switch spec.type {
    case .array, .percpuArray: ArrayMap(spec: spec, processors: processors)
    case .lpmTrie: LPMTrie(spec: spec)
    case .progArray: ProgramArray(spec: spec)
    case .arrayOfMaps: ArrayOfMaps(spec: spec, template: try template(spec))
    case .hashOfMaps: HashOfMaps(spec: spec, template: try template(spec))
    case .queue, .stack: QueueMap(spec: spec)
    case .ringbuf: RingBuffer(spec: spec)
    case .devmap, .cpumap, .xskmap: RedirectMap(spec: spec, processors: processors)
    case .perfEventArray: PerfEventArray(spec: spec)
    case .devmapHash: DeviceHashMap(spec: spec, processors: processors)
    case .hash, .percpuHash, .lruHash, .lruPercpuHash: HashMap(spec: spec, processors: processors)
    default: throw unsupported(spec)
    }
  }

  /// What the inner maps of a map of maps must be like.
  private func template(_ spec: MapSpec) throws(HostError) -> InnerMapTemplate {
    guard let inner = spec.inner.first else {
      throw HostError(
        .badArgument, "map '\(spec.name)' is a map of maps without a definition of its inner maps", errno: EBADF)
    }
    guard let template = InnerMapTemplate(adjusted(inner)) else {
      throw HostError(.unsupported, "map '\(spec.name)': a \(inner.type) cannot be an inner map", errno: EINVAL)
    }
    return template
  }

  /// What a loader is expected to fill in: sizes that depend on the machine.
  private func adjusted(_ spec: MapSpec) -> MapSpec {
    var spec = spec
    if spec.type == .ringbuf, spec.maxEntries > 0, spec.maxEntries <= 1 << 30 {
      // A power of two and a multiple of the page size.
      var size = RingBuffer.pageSize
      while size < spec.maxEntries { size *= 2 }
      spec.maxEntries = size
    }
    // One event for each processor.
    if spec.type == .perfEventArray, spec.maxEntries == 0 { spec.maxEntries = processors }
    if spec.flags.contains(.noCommonLRU), spec.maxEntries > 0, spec.maxEntries < 1 << 31 {
      // The same share for every processor.
      spec.maxEntries = (spec.maxEntries + processors - 1) / processors * processors
    }
    switch spec.dataSection {
    case .rodata?, .kconfig?: spec.flags.insert(.readOnlyProgram)
    default: break
    }
    return spec
  }

  private static func failure(_ spec: MapSpec, _ error: Int32) -> HostError {
    let shape =
      "type \(spec.type), key \(spec.keySize) bytes, value \(spec.valueSize) bytes, \(spec.maxEntries) entries, "
      + "flags 0x\(String(spec.flags.rawValue, radix: 16))"
    let reason =
      switch error {
      case E2BIG: "larger than maps may be"
      case ENOMEM: "more memory than this machine has"
      case notSupported: "an LRU map always preallocates: leave BPF_F_NO_PREALLOC out"
      default: "the type does not come with these sizes and flags"
      }
    return HostError(
      error == ENOMEM ? .system : .unsupported, "create map '\(spec.name)' (\(shape)): \(reason) (\(Errno.name(error)))", errno: error)
  }
}
