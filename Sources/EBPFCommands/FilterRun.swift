import EBPFCapture
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables

/// A capture's packets, divided by what a filter for them is compiled for: the link type, and the byte order that they were written in.
struct FilterGroup {
  var interface: CaptureInterface
  /// Indices in the capture's packets.
  var packets: [Int]

  /// The groups of a capture, in the order of their first interface; one without packets where there are none.
  static func groups(of capture: Capture) -> [FilterGroup] {
    var groups: [FilterGroup] = []
    var groupOfInterface: [Int] = []
    for interface in capture.interfaces {
      let known = groups.firstIndex {
        $0.interface.linkType == interface.linkType && $0.interface.byteOrder == interface.byteOrder
      }
      groupOfInterface.append(known ?? groups.count)
      if known == nil { groups.append(FilterGroup(interface: interface, packets: [])) }
    }
    for (index, packet) in capture.packets.enumerated() { groups[groupOfInterface[packet.interface]].packets.append(index) }
    let used = groups.filter { !$0.packets.isEmpty }
    return used.isEmpty ? Array(groups.prefix(1)) : used
  }

  /// The group's packets as a capture.
  func capture(of whole: Capture) -> Capture {
    guard packets.count < whole.packets.count else { return whole }
    return Capture(bytes: whole.bytes, format: whole.format, interfaces: whole.interfaces, packets: packets.map { whole.packets[$0] })
  }
}

/// A classic filter on its way through this project: translated, proved, compiled and run.
struct FilterRun {
  let loaded: LoadedProgram
  /// Slots of the translation.
  let slots: Int

  /// Translates and loads a filter.
  init(_ classic: ClassicProgram, engine: EngineArguments) throws {
    let translated: [Instruction]
    do throws(ClassicError) { translated = try classic.translated(.init(dialect: .libpcap)) } catch {
      throw CommandFailure("the filter is no classic BPF program: \(error)")
    }
    let spec = ProgramSpec(name: "filter", section: "socket", type: .socketFilter, instructions: translated)
    loaded = try LoadedProgram(spec, of: ObjectSpec(programs: [spec]), host: .userspace, engine: engine)
    slots = translated.count
  }

  /// Runs the filter over a group's packets.
  /// - Returns: the indices of those that pass, in the whole capture, and the CPU time of all rounds in nanoseconds.
  func matches(_ group: FilterGroup, of capture: Capture, repeatCount: Int = 1) throws -> (indices: [Int], nanoseconds: Double) {
    var options = ReplayOptions()
    options.filterStart = .linkHeader
    options.repeatCount = repeatCount
    options.keepsOutput = true
    options.keepsBytes = false
    let replay: Replay
    do throws(HostError) { replay = try loaded.program.run(over: group.capture(of: capture), options: options) } catch {
      throw CommandFailure("the filter failed: \(error)")
    }
    return (replay.output.map { group.packets[$0.index] }, replay.nanoseconds)
  }
}

extension Capture {
  /// The capture with packets cut to the length that its header gives as the longest, as libpcap reads pcap files.
  func cutToSnapLength() -> Capture {
    guard case .pcap = format, let limit = interfaces.first?.snapLength, limit > 0, limit <= Int32.max,
      packets.contains(where: { $0.range.count > limit })
    else { return self }
    let cut = packets.map { packet in
      CapturedPacket(
        range: packet.range.lowerBound..<packet.range.lowerBound + min(packet.range.count, Int(limit)),
        originalLength: packet.originalLength, interface: packet.interface, ticks: packet.ticks)
    }
    return Capture(bytes: bytes, format: format, interfaces: interfaces, packets: cut)
  }
}
