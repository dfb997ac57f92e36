// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A VLAN tag, as it lies behind the Ethernet header's type: 4 bytes (IEEE 802.1Q).
@frozen
public struct VLANHeader: PacketHeader, Sendable {
  /// Priority (3 bits), drop eligible (1 bit) and identifier (12 bits).
  public var control: BigEndian<UInt16>
  /// What follows.
  public var type: EtherType

  @inlinable @inline(__always)
  public init(control: BigEndian<UInt16>, type: EtherType) {
    self.control = control
    self.type = type
  }
}

extension VLANHeader {
  /// The VLAN, 0 to 4095.
  @inlinable @inline(__always)
  public var identifier: UInt16 {
    get { control.value & 0xFFF }
    set { control.value = control.value & 0xF000 | newValue & 0xFFF }
  }

  /// The priority code point, 0 to 7.
  @inlinable @inline(__always)
  public var priority: UInt8 {
    get { UInt8(truncatingIfNeeded: control.value >> 13) }
    set { control.value = control.value & 0x1FFF | UInt16(newValue) << 13 }
  }

  /// Whether the frame may be dropped first when there is congestion.
  @inlinable @inline(__always)
  public var isDropEligible: Bool {
    get { control.value & 0x1000 != 0 }
    set { control.value = control.value & 0xEFFF | (newValue ? 0x1000 : 0) }
  }
}
