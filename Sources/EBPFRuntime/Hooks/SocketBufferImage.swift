import EBPFHost
import EBPFObject

/// A socket buffer that a caller describes in full, headers and fields: what the kernel's own tests of filters are made of (`lib/test_bpf.c`).
package struct SocketBufferImage: Sendable {
  /// The bytes from where the packet's data begins.
  package var data: [UInt8]
  /// Where the link and network headers begin, from the data's start.
  package var linkHeader: Int
  package var networkHeader: Int
  /// Bytes on the wire behind those that are there.
  package var missing: Int
  /// Fields of `struct __sk_buff`, by byte offset; `protocol` and `vlan_proto` in network byte order.
  package var fields: [Int: UInt32]

  package init(data: [UInt8], linkHeader: Int = 0, networkHeader: Int = 0, missing: Int = 0, fields: [Int: UInt32] = [:]) {
    self.data = data
    self.linkHeader = linkHeader
    self.networkHeader = networkHeader
    self.missing = missing
    self.fields = fields
  }
}

extension Program {
  /// Runs a socket filter on one socket buffer.
  /// - Returns: r0.
  package func run(on image: SocketBufferImage) throws(HostError) -> UInt64 {
    guard let program = backend as? UserspaceProgram else {
      throw HostError(.unsupported, "program '\(spec.name)' is not loaded in userspace")
    }
    return try program.run(on: image)
  }
}

extension UserspaceProgram {
  fileprivate func run(on image: SocketBufferImage) throws(HostError) -> UInt64 {
    try checkOpen()
    let memory = try PacketMemory(byteCount: image.data.count + 2 * SocketBuffer.headroom)
    let start = memory.start + SocketBuffer.headroom
    image.data.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { start.copyMemory(from: base, byteCount: bytes.count) }
    }
    let context = UnsafeMutableRawPointer.allocate(byteCount: SocketBufferContext.size, alignment: 16)
    defer { context.deallocate() }
    context.initializeMemory(as: UInt8.self, repeating: 0, count: SocketBufferContext.size)
    for (offset, value) in image.fields where offset >= 0 && offset <= SocketBufferContext.size - 4 {
      context.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
    }
    let data = UInt(bitPattern: start)
    var packet = PacketState(
      kind: .socketFilter, context: context, bufferStart: UInt(bitPattern: memory.start),
      bufferEnd: UInt(bitPattern: memory.start) + UInt(memory.byteCount), data: data, dataEnd: data + UInt(image.data.count),
      dataMeta: data, linkHeader: data &+ UInt(bitPattern: image.linkHeader), networkHeader: data &+ UInt(bitPattern: image.networkHeader),
      missing: UInt(image.missing))
    packet.refreshContext()
    return try withUnsafeMutablePointer(to: &packet) { (packet) throws(HostError) -> UInt64 in
      try withRun(hook: packet) { (run) throws(HostError) -> UInt64 in
        run.addRegion(context, SocketBufferContext.size, .context)
        let result = run(UInt64(UInt(bitPattern: context)), 0)
        try checkStopped(run)
        return result
      }
    }
  }
}
