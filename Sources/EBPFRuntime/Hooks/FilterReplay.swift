import CEBPF
import EBPFCapture
import EBPFHost
import EBPFISA
import EBPFObject

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension UserspaceProgram {
  /// Helpers that leave a packet and its context as they are: maps, time, random, processor, loads from packets, and where the payload is.
  private static let readingHelpers: Set<Int32> = [1, 2, 3, 5, 7, 8, 26, 68, 125, 255]

  /// Whether the program cannot write to its packet or context, whatever it was given: it stores to its stack only, and calls only
  /// helpers that do not write there.
  var readsOnly: Bool {
    if case .native = executable { return false }
    var slot = 0
    while slot < spec.instructions.count {
      let instruction = spec.instructions[slot]
      slot += instruction.isWide ? 2 : 1
      switch instruction.instructionClass {
      case Opcode.st, Opcode.stx:
        let isAcquire = instruction.opcode & Opcode.modeMask == Opcode.atomic && instruction.immediate == AtomicOperation.loadAcquire
        if instruction.destination != Limits.framePointer, !isAcquire { return false }
      case Opcode.jmp where instruction.opcode & Opcode.operationMask == Opcode.call:
        guard instruction.opcode == Opcode.callHelper else { return false }
        if instruction.source == CallSource.helper, !Self.readingHelpers.contains(instruction.immediate) { return false }
        if instruction.source == CallSource.kfunc { return false }
      default: break
      }
    }
    return true
  }

  /// Runs a socket filter that ``readsOnly`` over a capture: each packet where it lies in the file, without a copy.
  func replayFilter(over capture: Capture, options: ReplayOptions) throws(HostError) -> Replay {
    let context = UnsafeMutableRawPointer.allocate(byteCount: SocketBufferContext.size, alignment: 16)
    defer { context.deallocate() }
    context.initializeMemory(as: UInt8.self, repeating: 0, count: SocketBufferContext.size)
    var packet = PacketState(
      kind: .socketFilter, context: context, bufferStart: 0, bufferEnd: 0, data: 0, dataEnd: 0, dataMeta: 0, linkHeader: 0,
      networkHeader: 0)
    var counts = ActionCounter()
    var replay = Replay(packets: 0, actions: [], nanoseconds: 0, output: [])
    var stoppedAt: Int?
    let linkLayers = capture.interfaces.map { LinkLayer($0.linkType) }
    try withUnsafeMutablePointer(to: &packet) { (packet) throws(HostError) in
      try withRun(hook: packet) { (run) throws(HostError) in
        run.addRegion(context, SocketBufferContext.size, .context, isWritable: false)
        let r1 = UInt64(UInt(bitPattern: context))
        let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
        capture.bytes.withUnsafeBytes { bytes in
          capture.packets.withUnsafeBufferPointer { packets in
            linkLayers.withUnsafeBufferPointer { linkLayers in
              let rounds = max(1, options.repeatCount)
              for round in 0..<rounds where stoppedAt == nil {
                let keepsOutput = options.keepsOutput && round == rounds - 1
                for index in packets.indices {
                  let captured = packets[index]
                  let source = bytes.baseAddress.unsafelyUnwrapped + captured.range.lowerBound
                  Self.place(captured, at: source, linkLayers[captured.interface], in: packet, options)
                  run.environment.pointee.packet_start = UnsafeRawPointer(bitPattern: packet.pointee.data)
                  run.environment.pointee.packet_end = UnsafeRawPointer(bitPattern: packet.pointee.dataEnd)
                  let action = low(run(r1, 0))
                  if run.stopped != .none {
                    stoppedAt = index
                    break
                  }
                  counts.add(action)
                  if keepsOutput, action != 0 { replay.output.append(Self.output(index, action, packet, options)) }
                }
                if stoppedAt == nil { replay.packets += packets.count }
              }
            }
          }
        }
        replay.nanoseconds = Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start)
        guard let stoppedAt else { return }
        do throws(HostError) { try checkStopped(run) } catch {
          throw HostError(error.code, "packet \(stoppedAt + 1): \(error.message)", errno: error.errno, underlying: error.underlying)
        }
      }
    }
    replay.actions = counts.actions
    return replay
  }

  /// Tells the program where a packet is, and what is known of it.
  @inline(__always)
  private static func place(
    _ captured: CapturedPacket, at source: UnsafeRawPointer, _ link: LinkLayer, in packet: UnsafeMutablePointer<PacketState>,
    _ options: ReplayOptions
  ) {
    let count = captured.range.count
    let summary = link.summary(of: source, length: count)
    let start = UInt(bitPattern: source)
    let network = start &+ UInt(bitPattern: summary.headerLength)
    packet.pointee.bufferStart = start
    packet.pointee.bufferEnd = start &+ UInt(bitPattern: count)
    packet.pointee.data = options.filterStart == .linkHeader ? start : network
    packet.pointee.dataEnd = start &+ UInt(bitPattern: count)
    packet.pointee.linkHeader = start
    packet.pointee.networkHeader = network
    // A filter sees the length that the file says, also where that is less than what it holds.
    packet.pointee.missing = UInt(bitPattern: Int(captured.originalLength) &- count)
    let context = packet.pointee.context
    let length = packet.pointee.fullLength
    context.storeBytes(of: length, toByteOffset: SocketBufferContext.length, as: UInt32.self)
    context.storeBytes(of: length, toByteOffset: SocketBufferContext.wireLength, as: UInt32.self)
    context.storeBytes(of: summary.packetType, toByteOffset: SocketBufferContext.packetType, as: UInt32.self)
    context.storeBytes(of: UInt32(summary.networkProtocol), toByteOffset: SocketBufferContext.protocol, as: UInt32.self)
    let interface = options.firstInterface &+ UInt32(truncatingIfNeeded: captured.interface)
    context.storeBytes(of: interface, toByteOffset: SocketBufferContext.interface, as: UInt32.self)
  }

  @inline(never)
  private static func output(
    _ index: Int, _ action: UInt32, _ packet: UnsafeMutablePointer<PacketState>, _ options: ReplayOptions
  ) -> Replay.Packet {
    guard options.keepsBytes else { return Replay.Packet(index: index, action: action, data: []) }
    let count = Int(packet.pointee.dataEnd &- packet.pointee.linkHeader)
    let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: packet.pointee.linkHeader), count: count)
    return Replay.Packet(
      index: index, action: action, data: options.filterStart == .linkHeader ? Array(bytes.prefix(Int(action))) : Array(bytes))
  }
}

/// How often a program returned each value: the last one without a look-up, because filters return few.
private struct ActionCounter {
  private var last: UInt32 = 0
  private var lastCount = 0
  private var zeros = 0
  private var others: [UInt32: Int] = [:]

  @inline(__always)
  mutating func add(_ action: UInt32) {
    if action == 0 {
      zeros &+= 1
    } else if action == last {
      lastCount &+= 1
    } else {
      change(to: action)
    }
  }

  @inline(never)
  private mutating func change(to action: UInt32) {
    if lastCount > 0 { others[last, default: 0] += lastCount }
    last = action
    lastCount = 1
  }

  var actions: [Replay.ActionCount] {
    var all = others
    if lastCount > 0 { all[last, default: 0] += lastCount }
    if zeros > 0 { all[0] = zeros }
    return all.sorted { $0.key < $1.key }.map { Replay.ActionCount(action: $0.key, count: $0.value) }
  }
}
