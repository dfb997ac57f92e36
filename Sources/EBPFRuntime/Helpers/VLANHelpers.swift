import CEBPF
import EBPFCapture
import EBPFTables

extension HelperTable {
  /// VLAN tags (`net/core/skbuff.c`).
  ///
  /// A socket buffer's outermost tag may be beside the packet (`vlan_present`, `vlan_tci`, `vlan_proto`), as network cards deliver it; the first
  /// tag that a program pushes goes there. Captured tags stay in the packet, as in the kernel's test run. Where a packet leaves its program for
  /// a capture, the tag beside it is written into it.
  static var vlanHelpers: [Entry] {
    [
      Entry(.skbVlanPush) { _, type, tag, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        var type = UInt16(bigEndian: UInt16(truncatingIfNeeded: type))
        if !EtherType.isVLAN(type) { type = EtherType.vlan }
        let result = skb.pointee.pushTag(VLANTag(type: type, control: UInt16(truncatingIfNeeded: tag)))
        skb.pointee.refreshContext()
        return result
      },
      Entry(.skbVlanPop) { _, _, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        let result = skb.pointee.popTag()
        skb.pointee.refreshContext()
        return result
      },
    ]
  }
}

/// A VLAN tag (IEEE 802.1Q).
struct VLANTag {
  /// `ETH_P_8021Q` or `ETH_P_8021AD`.
  var type: UInt16
  /// Priority and identifier.
  var control: UInt16

  /// Bytes of a tag in a packet.
  static let size = 4
  /// Bytes of the addresses before it.
  static let offset = 12
}

extension PacketState {
  /// The tag beside the packet.
  var tag: VLANTag? {
    get {
      guard field(SocketBufferContext.vlanPresent) != 0 else { return nil }
      return VLANTag(
        type: UInt16(bigEndian: UInt16(truncatingIfNeeded: field(SocketBufferContext.vlanProtocol))),
        control: UInt16(truncatingIfNeeded: field(SocketBufferContext.vlanTCI)))
    }
    nonmutating set {
      setField(SocketBufferContext.vlanPresent, newValue == nil ? 0 : 1)
      setField(SocketBufferContext.vlanProtocol, UInt32((newValue?.type ?? 0).bigEndian))
      setField(SocketBufferContext.vlanTCI, UInt32(newValue?.control ?? 0))
    }
  }

  fileprivate mutating func pushTag(_ new: VLANTag) -> UInt64 {
    if let old = tag {
      guard data == linkHeader, length >= SocketBuffer.linkHeader else { return .error(.einval) }
      guard reserveHead(VLANTag.size) else { return .error(.enomem) }
      insert(VLANTag.size, at: VLANTag.offset)
      start.storeBytes(of: old.type.bigEndian, toByteOffset: VLANTag.offset, as: UInt16.self)
      start.storeBytes(of: old.control.bigEndian, toByteOffset: VLANTag.offset + 2, as: UInt16.self)
      networkProtocol = old.type
    }
    tag = new
    return 0
  }

  fileprivate mutating func popTag() -> UInt64 {
    if tag != nil {
      tag = nil
    } else {
      guard EtherType.isVLAN(networkProtocol) else { return 0 }
      guard takeTag() != nil else { return tagError }
    }
    // The next tag, where there is one, goes from the packet to beside it.
    guard EtherType.isVLAN(networkProtocol) else { return 0 }
    let type = networkProtocol
    guard let control = takeTag() else { return tagError }
    tag = VLANTag(type: type, control: control)
    return 0
  }

  private var tagError: UInt64 { data == linkHeader ? .error(.enomem) : .error(.einval) }

  /// Takes the tag behind the addresses out of the packet; `skb->protocol` becomes what it encloses.
  /// - Returns: its control word, or `nil` where the packet is too short or does not begin at its link header.
  private mutating func takeTag() -> UInt16? {
    let header = SocketBuffer.linkHeader
    guard data == linkHeader, length >= header + VLANTag.size else { return nil }
    let control = UInt16(bigEndian: start.loadUnaligned(fromByteOffset: header, as: UInt16.self))
    let inner = UInt16(bigEndian: start.loadUnaligned(fromByteOffset: header + 2, as: UInt16.self))
    // As the kernel does, also behind the end of a packet that was cut there.
    let payload = header + VLANTag.size
    let isRaw = bufferEnd &- data >= UInt(payload + 2) && start.loadUnaligned(fromByteOffset: payload, as: UInt16.self) == 0xffff
    let network = networkHeader
    guard remove(VLANTag.size, at: VLANTag.offset) else { return nil }
    networkProtocol = EthernetSummary.networkProtocol(of: inner, isRaw: isRaw)
    // The network header stays where it was, but never before the end of the link header.
    networkHeader = max(network, data &+ UInt(header))
    return control
  }
}
