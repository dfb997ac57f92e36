/// What an XDP program says of a packet (`enum xdp_action`, `include/uapi/linux/bpf.h`).
public struct XDPAction: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let aborted = XDPAction(rawValue: 0)
  public static let drop = XDPAction(rawValue: 1)
  public static let pass = XDPAction(rawValue: 2)
  public static let tx = XDPAction(rawValue: 3)
  public static let redirect = XDPAction(rawValue: 4)
}

/// What a traffic-control program says of a packet (`TC_ACT_*`, `include/uapi/linux/pkt_cls.h`).
public struct TCAction: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int32
  @inlinable
  public init(rawValue: Int32) { self.rawValue = rawValue }

  public static let unspecified = TCAction(rawValue: -1)
  public static let ok = TCAction(rawValue: 0)
  public static let reclassify = TCAction(rawValue: 1)
  public static let shot = TCAction(rawValue: 2)
  public static let pipe = TCAction(rawValue: 3)
  public static let stolen = TCAction(rawValue: 4)
  public static let queued = TCAction(rawValue: 5)
  public static let `repeat` = TCAction(rawValue: 6)
  public static let redirect = TCAction(rawValue: 7)
  public static let trap = TCAction(rawValue: 8)
}
