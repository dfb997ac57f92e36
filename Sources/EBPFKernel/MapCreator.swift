internal import CEBPF
internal import EBPFHost
internal import EBPFObject
internal import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes maps in the kernel from their specs.
struct MapCreator {
  /// The object's types, where the kernel took them.
  var types: FileDescriptor?

  /// Creates one map, empty; a map of maps with its template.
  func create(_ given: MapSpec) throws(HostError) -> KernelMap {
    let spec = Self.adjusted(given)
    var attributes = ebpf_map_create()
    attributes.map_type = spec.type.rawValue
    attributes.key_size = try Self.field(spec.keySize, "key size", spec)
    attributes.value_size = try Self.field(spec.valueSize, "value size", spec)
    attributes.max_entries = try Self.field(spec.maxEntries, "number of entries", spec)
    attributes.map_flags = spec.flags.rawValue
    attributes.map_extra = spec.extra
    if let node = spec.numaNode { attributes.numa_node = try Self.field(node, "memory node", spec) }
    withUnsafeMutableBytes(of: &attributes.map_name) { $0.copyObjectName(spec.name) }

    guard spec.type.isMapOfMaps else { return KernelMap(spec: spec, descriptor: try create(&attributes, spec)) }
    guard let template = spec.inner.first else {
      throw HostError(.badArgument, "map '\(spec.name)' is a map of maps without a definition of its inner maps")
    }
    // The template only tells the kernel what fits; it is not one of the inner maps.
    let inner = try create(template)
    defer { inner.close() }
    let descriptor = try inner.descriptor.use { (fd) throws(HostError) in
      attributes.inner_map_fd = UInt32(bitPattern: fd)
      return try create(&attributes, spec)
    }
    return KernelMap(spec: spec, descriptor: descriptor)
  }

  /// The call: first with the types of key and value, then, where the kernel does not take them, without.
  private func create(_ attributes: inout ebpf_map_create, _ spec: MapSpec) throws(HostError) -> FileDescriptor {
    if let types, spec.valueTypeID != 0 || spec.keyTypeID != 0, spec.type.takesTypes {
      var typed = attributes
      let result = try types.use { (fd) throws(HostError) in
        typed.btf_fd = UInt32(bitPattern: fd)
        typed.btf_key_type_id = spec.keyTypeID
        typed.btf_value_type_id = spec.valueTypeID
        return SystemCall.bpf(EBPF_MAP_CREATE, &typed)
      }
      if case .success(let fd) = result { return FileDescriptor(owning: fd) }
    }
    switch SystemCall.bpf(EBPF_MAP_CREATE, &attributes) {
    case .success(let fd): return FileDescriptor(owning: fd)
    case .failure(let error): throw Self.failure(spec, error)
    }
  }

  /// What a loader is expected to fill in: sizes that depend on the machine.
  private static func adjusted(_ spec: MapSpec) -> MapSpec {
    var spec = spec
    switch spec.type {
    case .ringbuf, .userRingbuf:
      // A power of two and a multiple of the page size.
      let page = ebpf_page_size()
      if spec.maxEntries > 0, spec.maxEntries <= 1 << 30 {
        var size = page
        while size < spec.maxEntries { size *= 2 }
        spec.maxEntries = size
      }
    case .perfEventArray where spec.maxEntries == 0:
      spec.maxEntries = Processors.possible
    default: break
    }
    switch spec.dataSection {
    case .rodata?, .kconfig?: spec.flags.insert(.readOnlyProgram)
    default: break
    }
    return spec
  }

  private static func field(_ value: Int, _ what: String, _ spec: MapSpec) throws(HostError) -> UInt32 {
    guard let result = UInt32(exactly: value) else {
      throw HostError(.badArgument, "map '\(spec.name)': the \(what) \(value) does not fit in 32 bits")
    }
    return result
  }

  private static func failure(_ spec: MapSpec, _ error: SystemError) -> HostError {
    let shape =
      "type \(spec.type.rawValue), key \(spec.keySize) bytes, value \(spec.valueSize) bytes, \(spec.maxEntries) entries, "
      + "flags 0x\(String(spec.flags.rawValue, radix: 16))"
    let action = "create map '\(spec.name)' (\(shape))"
    switch error.errno {
    case EINVAL:
      return HostError(
        .unsupported, "\(action): \(error.text): this kernel does not have the type, or not with these sizes and flags", errno: EINVAL)
    case E2BIG:
      return HostError(.unsupported, "\(action): \(error.text): larger than the kernel allows", errno: E2BIG)
    default:
      return HostError(action, error, needs: [.bpf])
    }
  }
}

extension MapType {
  /// Whether the kernel lets the map's key and value have types: not where values are descriptors or the kernel's own.
  var takesTypes: Bool {
    switch self {
    case .perfEventArray, .cgroupArray, .stackTrace, .arrayOfMaps, .hashOfMaps, .devmap, .devmapHash, .cpumap, .xskmap, .sockmap, .sockhash,
      .progArray, .ringbuf, .userRingbuf, .queue, .stack, .bloomFilter:
      false
    default: true
    }
  }
}
