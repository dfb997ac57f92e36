internal import EBPFCapture
internal import EBPFHost
internal import EBPFObject
internal import EBPFTables

/// Captures are run packet by packet, as test runs.
extension KernelProgram {
  func run(over capture: Capture, options: ReplayOptions) throws(HostError) -> Replay {
    guard shape.takesPacket else {
      throw HostError(.unsupported, "program '\(spec.name)' does not work on packets, so it cannot be run over a capture")
    }
    guard options.maximumLength == nil else {
      throw HostError(.unsupported, "program '\(spec.name)': the kernel's test run takes no maximum length: leave it out of the options")
    }
    let frames = capture.interfaces.map { Framing(shape.input, LinkLayer($0.linkType), options.filterStart) }
    var counts: [UInt32: Int] = [:]
    var replay = Replay(packets: 0, actions: [], nanoseconds: 0, output: [])
    let rounds = max(1, options.repeatCount)
    for round in 0..<rounds {
      let keepsOutput = options.keepsOutput && round == rounds - 1
      for (index, packet) in capture.packets.enumerated() {
        let data = capture.data(of: packet)
        let frame = frames[packet.interface].frame(data)
        var input = TestInput(data: frame.bytes)
        if options.firstInterface != 1 {
          input.context = context(interface: options.firstInterface &+ UInt32(truncatingIfNeeded: packet.interface), frame.bytes.count)
        }
        let result: TestResult
        do throws(HostError) { result = try run(input) } catch {
          throw HostError(error.code, "packet \(index + 1): \(error.message)", errno: error.errno)
        }
        let action = UInt32(truncatingIfNeeded: result.returnValue)
        counts[action, default: 0] += 1
        replay.packets += 1
        replay.nanoseconds += result.nanoseconds
        // Where a redirected packet goes is not told: it counts as one that has a target.
        guard keepsOutput, Disposition(action, as: shape.answer, hasTarget: true) != .dropped else { continue }
        var bytes: [UInt8] = []
        if options.keepsBytes {
          bytes = Array(data.prefix(frame.kept)) + result.data.dropFirst(frame.added)
          if shape.answer == .byteCount, options.filterStart == .linkHeader { bytes = Array(bytes.prefix(Int(action))) }
        }
        replay.output.append(Replay.Packet(index: index, action: action, data: bytes))
      }
    }
    replay.actions = counts.sorted { $0.key < $1.key }.map { Replay.ActionCount(action: $0.key, count: $0.value) }
    return replay
  }

  /// The context in which a program sees an interface: `ingress_ifindex` of `struct xdp_md`, `ifindex` of `struct __sk_buff`.
  private func context(interface: UInt32, _ length: Int) -> [UInt8] {
    guard let type = spec.type, let layout = ContextLayout.find(type, attachType: spec.expectedAttachType) else { return [] }
    var context = [UInt8](repeating: 0, count: layout.structSize)
    func set(_ name: String, _ value: UInt32) {
      guard let field = layout.fields.first(where: { $0.name == name }) else { return }
      withUnsafeBytes(of: value) { context.replaceSubrange(field.offset..<field.offset + 4, with: $0) }
    }
    if case .xdp = shape.input {
      set("data_end", UInt32(truncatingIfNeeded: length))
      set("ingress_ifindex", interface)
    } else {
      set("ifindex", interface)
    }
    return context
  }
}

/// What the kernel's test run is given of a packet, so that the program's data begins where it does in userspace.
///
/// The test run takes Ethernet frames: it finds protocol and packet type in the first 14 bytes, and hides them from all but XDP and traffic
/// control. Where that is not where the packet's network header begins, or a filter is to see the link header, 14 bytes are put before it.
private struct Framing {
  private let layer: RunShape.Layer?
  private let link: LinkLayer
  private let startsAtLink: Bool

  init(_ input: RunShape.Input, _ link: LinkLayer, _ start: ReplayOptions.FilterStart) {
    if case .socketBuffer(let layer) = input { self.layer = layer } else { layer = nil }
    self.link = link
    startsAtLink = layer == .filter && start == .linkHeader
  }

  /// - Returns: the bytes for the test run; how many of its output's first bytes are not the packet's; and how many of the packet's first
  ///   bytes are not in its output.
  func frame(_ data: ArraySlice<UInt8>) -> (bytes: [UInt8], added: Int, kept: Int) {
    guard layer == .filter || layer == .network else { return (Array(data), 0, 0) }
    return data.withUnsafeBytes { packet in
      guard let base = packet.baseAddress else { return (Self.header(0, 0), EthernetSummary.headerLength, 0) }
      let summary = link.summary(of: base, length: packet.count)
      let skipped = startsAtLink ? 0 : summary.headerLength
      let header = Self.header(summary.networkProtocol, summary.packetType)
      return (header + packet[skipped...], EthernetSummary.headerLength, skipped)
    }
  }

  /// An Ethernet header from which the kernel takes this protocol and packet type (`eth_type_trans` on the loopback device, whose own address is
  /// all zeros).
  private static func header(_ networkProtocol: UInt16, _ packetType: UInt32) -> [UInt8] {
    let destination: [UInt8] =
      switch packetType {
      case EthernetSummary.broadcast: [UInt8](repeating: 0xff, count: 6)
      case EthernetSummary.multicast: [1, 0, 0, 0, 0, 0]
      case EthernetSummary.otherHost: [2, 0, 0, 0, 0, 0]
      default: [0, 0, 0, 0, 0, 0]
      }
    return destination + [0, 0, 0, 0, 0, 0] + withUnsafeBytes(of: networkProtocol) { Array($0) }
  }
}
