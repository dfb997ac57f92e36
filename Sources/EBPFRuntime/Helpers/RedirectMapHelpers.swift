import CEBPF
import EBPFTables

extension HelperTable {
  /// `bpf_redirect_map` (`__bpf_xdp_redirect_map` in `include/linux/filter.h`).
  static var redirectMapHelpers: [Entry] { [Entry(.redirectMap, redirectMap)] }
}

/// Flags of `bpf_redirect_map`: the low two bits are what it returns where the map has no such entry.
private enum MapRedirectFlags {
  static let action: UInt64 = 3
  /// To every device of the map (`BPF_F_BROADCAST`), but for the one that the packet came from (`BPF_F_EXCLUDE_INGRESS`).
  static let broadcast: UInt64 = 1 << 3
  static let excludeIngress: UInt64 = 1 << 4
}

private func redirectMap(
  _ map: UInt64, _ key: UInt64, _ flags: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  let aborted: UInt64 = 0
  let xdpRedirect: UInt64 = 4
  guard let packet = PacketState.of(environment), packet.pointee.kind == .xdp else { return aborted }
  let map = mapHeader(map)
  let isDevices = map.pointee.type == MapType.devmap.rawValue || map.pointee.type == MapType.devmapHash.rawValue
  let allowed = MapRedirectFlags.action | (isDevices ? MapRedirectFlags.broadcast | MapRedirectFlags.excludeIngress : 0)
  guard flags & ~allowed == 0 else { return aborted }
  var index = UInt32(truncatingIfNeeded: key)
  let value = map.pointee.lookup(map, &index, environment)
  if flags & MapRedirectFlags.broadcast != 0 {
    packet.pointee.redirect = Redirect(kind: .broadcast, flags: flags, map: UnsafeMutableRawPointer(map))
    return xdpRedirect
  }
  guard let value else {
    packet.pointee.redirect.kind = .none
    return flags & MapRedirectFlags.action
  }
  // The host may be writing the entry.
  let target = isDevices ? cebpf_load_relaxed32(UInt64(UInt(bitPattern: value))) : index
  packet.pointee.redirect = Redirect(kind: .map, target: target, flags: flags)
  return xdpRedirect
}

extension Redirect {
  /// The interfaces that the packet goes to: one, or those of a map.
  func targets(from ingress: UInt32) -> [UInt32] {
    guard kind == .broadcast else { return [target] }
    guard let map, let owner = map.assumingMemoryBound(to: ebpf_map.self).pointee.owner else { return [] }
    let excludes = flags & MapRedirectFlags.excludeIngress != 0
    return Unmanaged<UserspaceMap>.fromOpaque(owner)._withUnsafeGuaranteedRef { map in
      var targets: [UInt32] = []
      var key: UInt32 = 0
      var value: UInt64 = 0
      var error = map.next(after: nil, into: &key)
      while error == 0 {
        if map.read(&key, into: &value) == 0 {
          let interface = withUnsafeBytes(of: value) { $0.load(as: UInt32.self) }
          if !(excludes && interface == ingress) { targets.append(interface) }
        }
        var next: UInt32 = 0
        error = map.next(after: &key, into: &next)
        key = next
      }
      return targets
    }
  }
}
