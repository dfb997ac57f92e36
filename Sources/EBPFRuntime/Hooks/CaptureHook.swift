import CEBPF
import EBPFCapture
import EBPFHost
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension UserspaceProgram {
  /// Runs the program on every packet of a capture. The packets are copied one after another into one buffer.
  package func run(over capture: Capture, options: ReplayOptions) throws(HostError) -> Replay {
    try checkOpen()
    if case .socketBuffer(.filter) = code.shape.input, readsOnly { return try replayFilter(over: capture, options: options) }
    let longest = capture.packets.reduce(0) { max($0, $1.range.count) }
    var replay = ReplayRun(capture: capture, options: options)
    switch code.shape.input {
    case .xdp:
      let memory = try PacketMemory(byteCount: XDPBuffer.size(for: longest))
      try replayXDP(&replay, memory)
    case .socketBuffer(let layer):
      let memory = try PacketMemory(byteCount: longest + 2 * SocketBuffer.growth)
      try replaySocketBuffers(&replay, memory, layer)
    case .memory, .context, .flowDissector, .netfilter, .socketLookup:
      throw HostError(.unsupported, "program '\(spec.name)' does not work on packets, so it cannot be run over a capture")
    }
    return replay.result()
  }

  private func replayXDP(_ replay: inout ReplayRun, _ memory: borrowing PacketMemory) throws(HostError) {
    let bufferStart = UInt(bitPattern: memory.start)
    let buffer = memory.start + XDPBuffer.headroom
    let data = UInt(bitPattern: buffer)
    try withContext(XDPContext.size) { (context) throws(HostError) in
      var packet = PacketState(
        kind: .xdp, context: context, bufferStart: bufferStart, bufferEnd: bufferStart, data: data, dataEnd: data, dataMeta: data,
        linkHeader: data, networkHeader: data)
      packet.maximumLength = replay.options.maximumLength ?? ReplayOptions.ethernetLength
      try withUnsafeMutablePointer(to: &packet) { (packet) throws(HostError) in
        try withRun(hook: packet) { (run) throws(HostError) in
          run.addRegion(context, XDPContext.size, .context, isWritable: false)
          let r1 = UInt64(UInt(bitPattern: context))
          try replay.forEachPacket(run, self) { source, interface, _ in
            let count = source.count
            if let base = source.baseAddress { buffer.copyMemory(from: base, byteCount: count) }
            packet.pointee.data = data
            packet.pointee.dataMeta = data
            packet.pointee.dataEnd = data &+ UInt(count)
            packet.pointee.bufferEnd = bufferStart &+ UInt(XDPBuffer.size(for: count) &- XDPBuffer.tailroom)
            packet.pointee.redirect.kind = .none
            packet.pointee.refreshContext()
            context.storeBytes(of: interface, toByteOffset: XDPContext.ingressInterface, as: UInt32.self)
            return low(run(r1, 0))
          } output: { action in
            let redirect = packet.pointee.redirect
            let disposition = Disposition(action, as: answer, hasTarget: redirect.kind != .none)
            guard disposition != .dropped else { return nil }
            let ingress = packet.pointee.field(XDPContext.ingressInterface)
            return (packet.pointee.bytes(from: packet.pointee.data), disposition == .redirected ? redirect.targets(from: ingress) : nil)
          }
        }
      }
    }
  }

  private func replaySocketBuffers(
    _ replay: inout ReplayRun, _ memory: borrowing PacketMemory, _ layer: RunShape.Layer
  ) throws(HostError) {
    let bufferStart = UInt(bitPattern: memory.start)
    let bufferEnd = bufferStart + UInt(memory.byteCount)
    let buffer = memory.start + SocketBuffer.growth
    let link = UInt(bitPattern: buffer)
    let linkLayers = replay.capture.interfaces.map { LinkLayer($0.linkType) }
    let startsAtLink = layer == .link || (layer == .filter && replay.options.filterStart == .linkHeader)
    try withContext(SocketBufferContext.size) { (context) throws(HostError) in
      var packet = PacketState(
        kind: layer == .filter ? .socketFilter : .socketBuffer, context: context, bufferStart: bufferStart, bufferEnd: bufferEnd,
        data: link, dataEnd: link, dataMeta: link, linkHeader: link, networkHeader: link)
      packet.maximumLength = replay.options.maximumLength ?? ReplayOptions.ethernetLength
      let clones = PacketClones()
      if replay.options.keepsOutput { packet.clones = UnsafeRawPointer(Unmanaged.passUnretained(clones).toOpaque()) }
      defer { withExtendedLifetime(clones) {} }
      try withUnsafeMutablePointer(to: &packet) { (packet) throws(HostError) in
        try withRun(hook: packet) { (run) throws(HostError) in
          run.addRegion(context, SocketBufferContext.size, .context)
          let r1 = UInt64(UInt(bitPattern: context))
          try linkLayers.withContiguousStorage { (linkLayers) throws(HostError) in
            try replay.forEachPacket(run, self) { source, interface, captured in
              let count = source.count
              if let base = source.baseAddress { buffer.copyMemory(from: base, byteCount: count) }
              let summary = linkLayers[captured.interface].summary(of: UnsafeRawPointer(buffer), length: count)
              let network = link &+ UInt(summary.headerLength)
              let data = startsAtLink ? link : network
              packet.pointee.data = data
              packet.pointee.dataMeta = data
              packet.pointee.dataEnd = link &+ UInt(count)
              packet.pointee.networkHeader = network
              packet.pointee.linkHeader = link
              // A filter sees the length that the file says, also where that is less than what it holds.
              let missing = Int(captured.originalLength) &- count
              packet.pointee.missing = UInt(bitPattern: layer == .filter ? missing : max(missing, 0))
              packet.pointee.resetSocketBuffer()
              context.initializeMemory(as: UInt8.self, repeating: 0, count: SocketBufferContext.size)
              packet.pointee.refreshContext()
              context.storeBytes(of: UInt32(summary.networkProtocol), toByteOffset: SocketBufferContext.protocol, as: UInt32.self)
              context.storeBytes(of: summary.packetType, toByteOffset: SocketBufferContext.packetType, as: UInt32.self)
              context.storeBytes(of: interface, toByteOffset: SocketBufferContext.interface, as: UInt32.self)
              context.storeBytes(of: packet.pointee.fullLength, toByteOffset: SocketBufferContext.wireLength, as: UInt32.self)
              if layer == .network { packet.pointee.describeSocket(protocol: UInt16(bigEndian: summary.networkProtocol)) }
              return low(run(r1, 0))
            } output: { action in
              let redirect = packet.pointee.redirect
              let disposition = Disposition(action, as: answer, hasTarget: redirect.kind != .none)
              guard disposition != .dropped else { return nil }
              var bytes = packet.pointee.outgoingBytes(from: packet.pointee.linkHeader)
              if layer == .filter, startsAtLink, bytes.count > Int(action) { bytes.removeLast(bytes.count - Int(action)) }
              return (bytes, disposition == .redirected ? [redirect.target] : nil)
            } clones: {
              defer { clones.clones.removeAll() }
              return clones.clones
            }
          }
        }
      }
    }
  }

  /// Zeroed memory for a context.
  private func withContext(_ size: Int, _ body: (UnsafeMutableRawPointer) throws(HostError) -> Void) throws(HostError) {
    let context = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    defer { context.deallocate() }
    context.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    try body(context)
  }
}

extension Array {
  /// The elements without the bounds checks and reference counts of an array.
  fileprivate func withContiguousStorage(_ body: (UnsafePointer<Element>) throws(HostError) -> Void) throws(HostError) {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: count)
    copy.initialize(from: self, count: count)
    defer {
      copy.deinitialize(count: count)
      copy.deallocate()
    }
    try body(copy)
  }
}

extension PacketState {
  /// What one packet's program must not find of the packet before.
  @inline(__always)
  fileprivate mutating func resetSocketBuffer() {
    redirect.kind = .none
    head = linkHeader &- UInt(SocketBuffer.headroom)
    transportHeader = PacketState.noTransportHeader
    isEncapsulated = false
    checksumLevel = -1
    hasHash = false
  }

  /// The packet from an address on as it leaves for the wire: with the VLAN tag that is beside it.
  func outgoingBytes(from start: UInt) -> [UInt8] {
    var bytes = bytes(from: start)
    guard let tag, bytes.count >= VLANTag.offset else { return bytes }
    let words = [tag.type, tag.control].flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    bytes.insert(contentsOf: words, at: VLANTag.offset)
    return bytes
  }

  /// A copy of the packet from an address on.
  fileprivate func bytes(from start: UInt) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: start), count: start <= dataEnd ? Int(dataEnd - start) : 0))
  }
}

/// A capture on its way through a program: the loop around the runs, and what they gave.
private struct ReplayRun {
  let capture: Capture
  let options: ReplayOptions
  private var packets = 0
  private var output: [Replay.Packet] = []
  private var nanosecondsTaken = 0.0
  /// Counts of the small actions, and of the others.
  private var small = [Int](repeating: 0, count: 16)
  private var large: [UInt32: Int] = [:]

  init(capture: Capture, options: ReplayOptions) {
    self.capture = capture
    self.options = options
  }

  /// Calls `action` with each packet's bytes, its interface's number and its record.
  @inline(__always)
  mutating func forEachPacket(
    _ run: borrowing ProgramRun, _ program: UserspaceProgram,
    action: (UnsafeRawBufferPointer, UInt32, borrowing CapturedPacket) -> UInt32,
    output keep: (UInt32) -> (data: [UInt8], interfaces: [UInt32]?)?, clones: () -> [PacketClones.Clone] = { [] }
  ) throws(HostError) {
    var stoppedAt: Int?
    let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
    let rounds = max(1, options.repeatCount)
    let firstInterface = options.firstInterface
    capture.bytes.withUnsafeBytes { bytes in
      capture.packets.withUnsafeBufferPointer { packets in
        small.withUnsafeMutableBufferPointer { small in
          for round in 0..<rounds where stoppedAt == nil {
            let keepsOutput = options.keepsOutput && round == rounds - 1
            for index in packets.indices {
              let packet = packets[index]
              let source = UnsafeRawBufferPointer(rebasing: bytes[packet.range])
              let result = action(source, firstInterface &+ UInt32(truncatingIfNeeded: packet.interface), packet)
              if run.stopped != .none {
                stoppedAt = index
                break
              }
              if result < 16 { small[Int(result)] &+= 1 } else { large[result, default: 0] += 1 }
              if options.keepsOutput { Self.note(result, index, keepsOutput, options, keep, clones, in: &output) }
            }
            if stoppedAt == nil { self.packets += packets.count }
          }
        }
      }
    }
    nanosecondsTaken = Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start)
    if let stoppedAt {
      do {
        try program.checkStopped(run)
      } catch {
        throw HostError(error.code, "packet \(stoppedAt + 1): \(error.message)", errno: error.errno, underlying: error.underlying)
      }
    }
  }

  /// Notes what of a packet goes on its way: the copies that the program sent, then the packet.
  @inline(never)
  private static func note(
    _ action: UInt32, _ index: Int, _ isLastRound: Bool, _ options: ReplayOptions,
    _ packet: (UInt32) -> (data: [UInt8], interfaces: [UInt32]?)?, _ clones: () -> [PacketClones.Clone],
    in output: inout [Replay.Packet]
  ) {
    let clones = clones()
    guard isLastRound else { return }
    func add(_ data: [UInt8], _ interface: UInt32?, isClone: Bool) {
      let data = options.keepsBytes ? data : []
      output.append(Replay.Packet(index: index, action: action, data: data, interface: interface, isClone: isClone))
    }
    for clone in clones { add(clone.data, clone.interface, isClone: true) }
    guard let passed = packet(action) else { return }
    guard let interfaces = passed.interfaces else { return add(passed.data, nil, isClone: false) }
    for interface in interfaces { add(passed.data, interface, isClone: false) }
  }

  consuming func result() -> Replay {
    var actions = small.indices.filter { small[$0] > 0 }.map { Replay.ActionCount(action: UInt32($0), count: small[$0]) }
    actions += large.sorted { $0.key < $1.key }.map { Replay.ActionCount(action: $0.key, count: $0.value) }
    return Replay(packets: packets, actions: actions, nanoseconds: nanosecondsTaken, output: output)
  }
}
