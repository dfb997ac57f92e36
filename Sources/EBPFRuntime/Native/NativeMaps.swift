import CBPF
import CEBPF
import EBPFHost
import EBPFObject
import EBPFTables

/// The maps and settings of the native programs of an instance, by the addresses of the globals that declare them: each instance has its own,
/// so that tests may run at the same time. A map is made when it is first asked for.
final class NativeMaps: Sendable {
  private let creator: MapCreator
  private let state = Locked(State())
  let timers: NativeTimers

  private struct State {
    var maps: [UInt: UserspaceMap] = [:]
    var settings: [UInt: Address] = [:]
    /// Memory of settings that were set again while a program may have read them.
    var replaced: [Address] = []
  }

  /// An address, for what threads share. Unchecked: what lies there is written before it is shared, and freed with the instance.
  private struct Address: @unchecked Sendable {
    var pointer: UnsafeMutableRawPointer
  }

  init(processors: Int, clock: VirtualClock) {
    creator = MapCreator(processors: processors, btf: nil)
    timers = NativeTimers(clock: clock)
  }

  deinit {
    let state = state.withLock { $0 }
    for address in state.replaced + state.settings.values { address.pointer.deallocate() }
  }

  /// The map that the global at `declaration` declares.
  func map(of declaration: UnsafeRawPointer) -> Result<UserspaceMap, HostError> {
    state.withLock { state in
      if let map = state.maps[UInt(bitPattern: declaration)] { return .success(map) }
      do throws(HostError) {
        let map = try creator.create(MapSpec(declaration.load(as: cbpf_map_definition.self)))
        state.maps[UInt(bitPattern: declaration)] = map
        return .success(map)
      } catch {
        return .failure(error)
      }
    }
  }

  func header(of declaration: UnsafeRawPointer) -> Result<UnsafeMutablePointer<ebpf_map>, HostError> { map(of: declaration).map(\.header) }

  /// The value that stands in place of a setting's own.
  func setting(at address: UnsafeRawPointer) -> UnsafeRawPointer? {
    state.withLock { UnsafeRawPointer($0.settings[UInt(bitPattern: address)]?.pointer) }
  }

  func set(_ address: UnsafeRawPointer, to bytes: UnsafeRawBufferPointer) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 16), alignment: 16)
    if let base = bytes.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) }
    let new = Address(pointer: memory)
    state.withLock { state in
      if let old = state.settings.updateValue(new, forKey: UInt(bitPattern: address)) { state.replaced.append(old) }
    }
  }

  func close() {
    for map in state.withLock({ Array($0.maps.values) }) { map.close() }
  }
}

extension MapSpec {
  /// What a global of a program declares. It says no name: messages name the type.
  fileprivate init(_ definition: cbpf_map_definition) {
    let type = MapType(rawValue: definition.type)
    let flags = MapFlags(rawValue: definition.flags)
    var inner: MapSpec?
    if definition.inner_type != 0 {
      let type = MapType(rawValue: definition.inner_type)
      inner = MapSpec(
        name: "inner \(type)", type: type, keySize: Int(definition.inner_key_size), valueSize: Int(definition.inner_value_size),
        maxEntries: Int(definition.inner_max_entries), flags: MapFlags(rawValue: definition.inner_flags))
    }
    self.init(
      name: "\(type)", type: type, keySize: Int(definition.key_size), valueSize: Int(definition.value_size),
      maxEntries: Int(definition.max_entries), flags: flags, extra: definition.extra,
      numaNode: flags.contains(.numaNode) ? Int(definition.numa_node) : nil, inner: inner)
  }
}
