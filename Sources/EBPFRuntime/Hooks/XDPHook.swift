import EBPFHost

/// The sizes that the kernel's XDP gives to packets (`include/net/xdp.h`; a page a packet).
enum XDPBuffer {
  /// `XDP_PACKET_HEADROOM`
  static let headroom = 256
  /// `SKB_DATA_ALIGN(sizeof(struct skb_shared_info))`, at the end of the page.
  static let tailroom = 320
  /// `sizeof(struct xdp_frame)`, which the kernel keeps at the start of the headroom.
  static let frameHeader = 40
  /// The most bytes of metadata before a packet (`xdp_metalen_invalid`).
  static let maximumMetadata = 252
  static let pageSize = 4096
  /// `ETH_HLEN`: what `bpf_xdp_adjust_head` and `_tail` leave of a packet at least.
  static let minimumLength = 14

  /// Bytes of buffer for a packet: a page, or as many whole pages as a longer one needs (the kernel would make fragments of it).
  static func size(for length: Int) -> Int {
    max(pageSize, (headroom + length + tailroom + pageSize - 1) & ~(pageSize - 1))
  }
}

extension UserspaceProgram {
  /// Runs an XDP program on a packet, as the kernel's test run does (`bpf_prog_test_run_xdp`).
  ///
  /// The context, where one is given, is a `struct xdp_md` whose `data` is the length of the metadata at the start of the input and whose
  /// `data_end` the input's length. What comes back as data begins with the metadata.
  func runXDP(_ input: TestInput) throws(HostError) -> TestResult {
    let metadata = try metadataLength(input)
    let memory = try PacketMemory(byteCount: XDPBuffer.size(for: input.data.count))
    let start = memory.start + XDPBuffer.headroom - metadata
    input.data.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { start.copyMemory(from: base, byteCount: bytes.count) }
    }
    return try withUnsafeTemporaryAllocation(byteCount: XDPContext.size, alignment: 8) { (context) throws(HostError) -> TestResult in
      let context = context.baseAddress.unsafelyUnwrapped
      context.initializeMemory(as: UInt8.self, repeating: 0, count: XDPContext.size)
      // The loopback device's, as in the kernel.
      context.storeBytes(of: 1, toByteOffset: XDPContext.ingressInterface, as: UInt32.self)
      if input.context.count == XDPContext.size {
        input.context.withUnsafeBytes { given in
          let interface = given.loadUnaligned(fromByteOffset: XDPContext.ingressInterface, as: UInt32.self)
          let queue = given.loadUnaligned(fromByteOffset: XDPContext.receiveQueue, as: UInt32.self)
          if interface != 0 {
            context.storeBytes(of: interface, toByteOffset: XDPContext.ingressInterface, as: UInt32.self)
            context.storeBytes(of: queue, toByteOffset: XDPContext.receiveQueue, as: UInt32.self)
          }
        }
      }
      let address = UInt(bitPattern: start)
      var packet = PacketState(
        kind: .xdp, context: context, bufferStart: UInt(bitPattern: memory.start),
        bufferEnd: UInt(bitPattern: memory.start) + UInt(memory.byteCount - XDPBuffer.tailroom), data: address + UInt(metadata),
        dataEnd: address + UInt(input.data.count), dataMeta: address, linkHeader: address + UInt(metadata),
        networkHeader: address + UInt(metadata))
      packet.refreshContext()
      let outcome = try withUnsafeMutablePointer(to: &packet) { (packet) throws(HostError) -> (result: UInt64, nanoseconds: Double) in
        try withRun(hook: packet) { (run) throws(HostError) -> (result: UInt64, nanoseconds: Double) in
          run.addRegion(context, XDPContext.size, .context, isWritable: false)
          let outcome = run.repeated(input.repeatCount, UInt64(UInt(bitPattern: context)), 0)
          try checkStopped(run)
          return outcome
        }
      }
      var contextOut: [UInt8] = []
      if !input.context.isEmpty {
        contextOut = input.context
        contextOut.withUnsafeMutableBytes { bytes in
          bytes.storeBytes(of: UInt32(packet.data - packet.dataMeta), toByteOffset: XDPContext.data, as: UInt32.self)
          bytes.storeBytes(of: UInt32(packet.dataEnd - packet.dataMeta), toByteOffset: XDPContext.dataEnd, as: UInt32.self)
        }
      }
      let data = [UInt8](
        UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: packet.dataMeta), count: Int(packet.dataEnd - packet.dataMeta)))
      return TestResult(returnValue: outcome.result, data: data, context: contextOut, nanoseconds: outcome.nanoseconds)
    }
  }

  /// Bytes of metadata at the start of the input, as the given context says.
  private func metadataLength(_ input: TestInput) throws(HostError) -> Int {
    if input.context.isEmpty { return 0 }
    guard input.context.count == XDPContext.size else {
      throw HostError(
        .badArgument, "the context of an XDP program is a struct xdp_md of \(XDPContext.size) bytes, not \(input.context.count)")
    }
    let (data, dataEnd, dataMeta, egress) = input.context.withUnsafeBytes {
      (
        Int($0.loadUnaligned(fromByteOffset: XDPContext.data, as: UInt32.self)),
        Int($0.loadUnaligned(fromByteOffset: XDPContext.dataEnd, as: UInt32.self)),
        $0.loadUnaligned(fromByteOffset: XDPContext.dataMeta, as: UInt32.self),
        $0.loadUnaligned(fromByteOffset: XDPContext.egressInterface, as: UInt32.self)
      )
    }
    guard dataMeta == 0, egress == 0, data <= dataEnd, dataEnd == input.data.count, data & 3 == 0, data <= XDPBuffer.maximumMetadata,
      data <= XDPBuffer.headroom - XDPBuffer.frameHeader
    else {
      throw HostError(
        .badArgument,
        """
        the xdp_md does not fit \(input.data.count) bytes of data: data_meta and egress_ifindex are 0, data is the metadata's length \
        (a multiple of 4, at most \(XDPBuffer.headroom - XDPBuffer.frameHeader)) and data_end the data's
        """)
    }
    return data
  }
}
