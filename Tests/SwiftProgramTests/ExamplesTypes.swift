import EBPFTypes

// The types of the examples' maps, as their sources declare them.

/// The key of the load balancer's services.
struct Service: BitwiseCopyable {
  var address: IPv4Address
  var port: Port
  var `protocol`: IPProtocol
}

/// A back end of the load balancer.
struct Backend: BitwiseCopyable {
  var address: IPv4Address
  var mac: MACAddress
  var packets: UInt64
}

/// A budget of the egress marks.
struct Budget: BitwiseCopyable {
  var rate: UInt64
  var next: UInt64
  var packets: UInt64
  var delayed: UInt64
}

/// What the packet counter and the protocol statistics count.
struct Traffic: BitwiseCopyable, Equatable {
  var packets: UInt64
  var bytes: UInt64
}
