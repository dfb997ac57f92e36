import EBPFCapture
import EBPFHost
import EBPFTables

/// The sizes that the kernel's test run gives to socket buffers.
enum SocketBuffer {
  /// `NET_SKB_PAD + NET_IP_ALIGN`
  static let headroom = 64
  /// Room behind the packet. The kernel moves a packet that outgrows its buffer; here the room is there from the start.
  static let tailroom = 320
  /// What programs may put before and behind a packet at most, together (`bpf_skb_change_head`, `_change_tail`, `_adjust_room`).
  static let growth = 65536
  /// `ETH_HLEN`
  static let linkHeader = 14
}

extension UserspaceProgram {
  /// Runs a program on a socket buffer, as the kernel's test run does (`bpf_prog_test_run_skb`): the packet has an Ethernet header, which
  /// only traffic control sees; for the other types the data begins behind it, and 14 zero bytes come back in its place.
  ///
  /// Of a context that is given, `mark`, `priority`, `ingress_ifindex`, `ifindex`, `cb`, `tstamp`, `wire_len`, `gso_segs`, `gso_size` and
  /// `hwtstamp` count.
  func runSocketBuffer(_ input: TestInput, layer: RunShape.Layer) throws(HostError) -> TestResult {
    guard input.data.count >= SocketBuffer.linkHeader else {
      throw HostError(.badArgument, "a socket buffer of \(input.data.count) bytes lacks its Ethernet header of \(SocketBuffer.linkHeader)")
    }
    guard input.context.isEmpty || input.context.count <= SocketBufferContext.size else {
      throw HostError(
        .badArgument, "the context is a struct __sk_buff of \(SocketBufferContext.size) bytes, not \(input.context.count)")
    }
    let room = SocketBuffer.growth
    let memory = try PacketMemory(byteCount: room + input.data.count + room + SocketBuffer.tailroom)
    let start = memory.start + room
    input.data.withUnsafeBytes { start.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count) }
    let summary = EthernetSummary(start, length: input.data.count)
    let header = Self.headerLength(UInt16(bigEndian: summary.networkProtocol))
    guard input.data.count >= SocketBuffer.linkHeader + header else {
      throw HostError(
        .badArgument, "the packet's type says IP, and its \(input.data.count) bytes are too few for an IP header of \(header)")
    }
    return try withUnsafeTemporaryAllocation(byteCount: SocketBufferContext.size, alignment: 8) {
      (context) throws(HostError) -> TestResult in
      let context = context.baseAddress.unsafelyUnwrapped
      context.initializeMemory(as: UInt8.self, repeating: 0, count: SocketBufferContext.size)
      let link = UInt(bitPattern: start)
      let network = link + UInt(SocketBuffer.linkHeader)
      let data = layer == .link ? link : network
      var packet = PacketState(
        kind: layer == .filter ? .socketFilter : .socketBuffer, context: context, bufferStart: UInt(bitPattern: memory.start),
        bufferEnd: link + UInt(input.data.count + room), data: data, dataEnd: link + UInt(input.data.count), dataMeta: data,
        linkHeader: link, networkHeader: network)
      packet.head = link &- UInt(SocketBuffer.headroom)
      if layer == .network { packet.describeSocket(protocol: UInt16(bigEndian: summary.networkProtocol)) }
      packet.refreshContext()
      context.storeBytes(of: UInt32(summary.networkProtocol), toByteOffset: SocketBufferContext.protocol, as: UInt32.self)
      // The loopback device, on which test runs work, has no broadcast address.
      let packetType = summary.packetType == EthernetSummary.broadcast ? EthernetSummary.multicast : summary.packetType
      context.storeBytes(of: packetType, toByteOffset: SocketBufferContext.packetType, as: UInt32.self)
      context.storeBytes(of: 1, toByteOffset: SocketBufferContext.interface, as: UInt32.self)
      try Self.copySettableFields(input.context, to: context, length: packet.length)
      let outcome = try withUnsafeMutablePointer(to: &packet) { (packet) throws(HostError) -> (result: UInt64, nanoseconds: Double) in
        try withRun(hook: packet) { (run) throws(HostError) -> (result: UInt64, nanoseconds: Double) in
          run.addRegion(context, SocketBufferContext.size, .context)
          let outcome = run.repeated(input.repeatCount, UInt64(UInt(bitPattern: context)), 0)
          try checkStopped(run)
          return outcome
        }
      }
      let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: packet.data), count: packet.length)
      let prefix = layer == .link ? 0 : SocketBuffer.linkHeader
      var contextOut: [UInt8] = []
      if !input.context.isEmpty {
        // As the kernel gives it back (`convert_skb_to___skb`): what a caller may set, and nothing else.
        contextOut = [UInt8](repeating: 0, count: SocketBufferContext.size)
        let bytes = UnsafeRawBufferPointer(start: context, count: SocketBufferContext.size)
        for range in Self.settableFields { contextOut.replaceSubrange(range, with: bytes[range]) }
        // The size of segments is the one field that is not copied back.
        let size = SocketBufferContext.segmentSize..<SocketBufferContext.timestampType
        if input.context.count >= size.upperBound { contextOut.replaceSubrange(size, with: input.context[size]) }
      }
      return TestResult(
        returnValue: outcome.result, data: Array(repeating: 0, count: prefix) + bytes, context: contextOut,
        nanoseconds: outcome.nanoseconds)
    }
  }

  /// Bytes of an IP header; 0 for other protocols.
  private static func headerLength(_ type: UInt16) -> Int { type == EtherType.ipv4 ? 20 : type == EtherType.ipv6 ? 40 : 0 }

  /// What a caller may set of a `struct __sk_buff`.
  private static let settableFields: [Range<Int>] = [
    SocketBufferContext.mark..<SocketBufferContext.queueMapping,
    SocketBufferContext.priority..<SocketBufferContext.tcIndex,
    SocketBufferContext.controlBlock..<SocketBufferContext.hash,
    SocketBufferContext.timestamp..<SocketBufferContext.socket,
    SocketBufferContext.segmentSize..<SocketBufferContext.timestampType,
    SocketBufferContext.hardwareTimestamp..<SocketBufferContext.size,
  ]

  /// Takes over what a caller may set of a `struct __sk_buff`; everything else of it must be zero (`convert___skb_to_skb`).
  private static func copySettableFields(
    _ given: [UInt8], to context: UnsafeMutableRawPointer, length: Int
  ) throws(HostError) {
    guard !given.isEmpty else { return }
    for index in given.indices where given[index] != 0 && !settableFields.contains(where: { $0.contains(index) }) {
      throw HostError(
        .badArgument,
        "byte \(index) of the struct __sk_buff is set; mark, priority, ifindex, ingress_ifindex, cb, tstamp, wire_len, gso_segs, gso_size and hwtstamp can be"
      )
    }
    let interface = context.load(fromByteOffset: SocketBufferContext.interface, as: UInt32.self)
    for range in settableFields {
      for index in range where index < given.count { context.storeBytes(of: given[index], toByteOffset: index, as: UInt8.self) }
    }
    if context.load(fromByteOffset: SocketBufferContext.interface, as: UInt32.self) == 0 {
      context.storeBytes(of: interface, toByteOffset: SocketBufferContext.interface, as: UInt32.self)
    }
    // The kernel's fields have 16 bits (`struct skb_shared_info`).
    let segments = context.load(fromByteOffset: SocketBufferContext.segmentCount, as: UInt32.self)
    guard segments <= UInt16.max else { throw HostError(.badArgument, "gso_segs \(segments); at most \(UInt16.max)") }
    let segmentSize = context.load(fromByteOffset: SocketBufferContext.segmentSize, as: UInt32.self)
    context.storeBytes(of: segmentSize & 0xffff, toByteOffset: SocketBufferContext.segmentSize, as: UInt32.self)
    let wireLength = context.load(fromByteOffset: SocketBufferContext.wireLength, as: UInt32.self)
    if wireLength == 0 {
      context.storeBytes(of: UInt32(length), toByteOffset: SocketBufferContext.wireLength, as: UInt32.self)
    } else if wireLength < UInt32(length) || wireLength > 65536 {
      throw HostError(.badArgument, "wire_len \(wireLength) is below the packet's length \(length), or over 65536")
    }
  }
}

extension PacketState {
  /// Fills in what programs of cgroups see of the packet's socket: as in the kernel's test run one whose own address is the packet's source,
  /// and without ports.
  func describeSocket(protocol type: UInt16) {
    let isIPv4 = type == EtherType.ipv4
    guard EtherType.isIP(type), let header = UnsafeRawPointer(bitPattern: networkHeader),
      networkHeader &+ (isIPv4 ? 20 : 40) <= dataEnd
    else { return }
    // AF_INET and AF_INET6 of Linux.
    setField(SocketBufferContext.family, isIPv4 ? 2 : 10)
    if isIPv4 {
      setField(SocketBufferContext.localIPv4, header.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
      setField(SocketBufferContext.remoteIPv4, header.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
    } else {
      (context + SocketBufferContext.localIPv6).copyMemory(from: header + 8, byteCount: 16)
      (context + SocketBufferContext.remoteIPv6).copyMemory(from: header + 24, byteCount: 16)
    }
  }
}
