/// A kind of program that `ebpf new` makes, with the text of its source and of its tests.
package struct NewProgram {
  /// The word of `--kind`.
  package let kind: String
  /// What the kind is, for the help.
  let summary: String
  /// What the program does, as sentences.
  let purpose: String
  let section: String
  /// The program's function.
  let function: String
  /// The source below its imports and licence.
  let source: String
  /// The tests, as members of the suite, which has the loaded program as `program`.
  let tests: String
  /// Tests of its function as one of Swift, as members of a suite that has a `native` host.
  let nativeTests: String
  /// Whether the kernel runs programs of this kind in tests (`BPF_PROG_TEST_RUN`).
  var kernelRunsTests = false
  /// Whether `ebpf run --pcap` runs it.
  var runsOnCaptures = false

  /// The indefinite article of the kind.
  var article: String { ["x", "i", "l"].contains { kind.hasPrefix($0) } ? "an" : "a" }

  /// Every kind, in the order of the help: those that a test can run in this process.
  package static let all = packetKinds + tracingKinds

  private static let packetKinds = [
    NewProgram(
      kind: "xdp", summary: "packets as they come in, before the network stack",
      purpose: "Counts packets and bytes by IPv4 source, and drops UDP to one port.", section: "xdp", function: "filter",
      source: """
        /// Packets and bytes of a source.
        struct Traffic: BitwiseCopyable {
          var packets: UInt64
          var bytes: UInt64
        }

        /// Traffic by IPv4 source.
        let sources = HashMap<IPv4Address, Traffic>(maxEntries: 1024)

        /// UDP to this port is dropped. It can be set before the program is loaded.
        let blockedPort = Setting<Port>(9)

        /// Packets that were dropped.
        var dropped: UInt64 = 0

        @section("xdp") @used
        func filter(_ ctx: XDPContext) -> XDPAction {
          guard let ip = ctx.packet.ethernet?.ipv4 else { return .pass }
          if let source = sources[ip.source, default: Traffic(packets: 0, bytes: 0)] {
            source.value.packets.atomicAdd(1)
            source.value.bytes.atomicAdd(UInt64(ctx.packet.byteCount))
          }
          guard ip.udp?.destinationPort == blockedPort.value else { return .pass }
          dropped.atomicAdd(1)
          return .drop
        }
        """,
      tests: """
        @Test func oneUDPPortIsDropped() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try program.run(packet.udp(from: 4000, to: 9)).expect(XDPAction.drop)
          try program.run(packet.udp(from: 4000, to: 53)).expect(XDPAction.pass).expectUnchangedPacket()
          try program.run(packet.tcp(from: 4000, to: 9)).expect(XDPAction.pass)
        }

        @Test func sourcesAreCounted() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
            .tcp(from: 4000, to: 80, flags: [.syn])
          for _ in 0..<3 { try program.run(packet).expect(XDPAction.pass) }
          let sources = try program.map("sources")
          let traffic = try #require(try sources.value(of: IPv4Address(10, 0, 0, 1), as: Traffic.self))
          #expect(traffic.packets == 3)
          #expect(traffic.bytes == UInt64(3 * packet.bytes.count))
          #expect(try sources.count == 1)
        }

        @Test func shortPacketsPass() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").udp(from: 4000, to: 9)
          try program.run(packet.truncated(to: 30)).expect(XDPAction.pass)
        }
        """,
      nativeTests: """
        @Test func theFunctionDropsToo() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try native.run(filter, on: packet.udp(from: 4000, to: 9)).expect(XDPAction.drop)
          let traffic = try native.map(sources).value(of: IPv4Address(10, 0, 0, 1), as: Traffic.self)
          #expect(traffic?.packets == 1)
        }
        """, kernelRunsTests: true, runsOnCaptures: true),
    NewProgram(
      kind: "tc", summary: "packets in traffic control, in and out",
      purpose: "Marks TCP to one port for routing and queueing, and counts what it marked.", section: "tc", function: "mark",
      source: """
        /// Packets without and with the mark.
        let packets = ArrayMap<UInt64>(count: 2)

        /// TCP to this port gets the mark 1. It can be set before the program is loaded.
        let markedPort = Setting<Port>(443)

        @section("tc") @used
        func mark(_ ctx: TCContext) -> TCAction {
          let isMarked = ctx.packet.ethernet?.ipv4?.tcp?.destinationPort == markedPort.value
          if isMarked { ctx.mark = 1 }
          packets[isMarked ? 1 : 0]?.add(1)
          return .ok
        }
        """,
      tests: """
        @Test func oneTCPPortIsMarked() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          // The context is struct __sk_buff, and the mark is its third word.
          let context = [UInt8](repeating: 0, count: 192)
          let marked = try program.run(packet.tcp(from: 4000, to: 443), context: context)
          try marked.expect(TCAction.ok).expectUnchangedPacket()
          #expect(marked.context[8] == 1)
          let other = try program.run(packet.tcp(from: 4000, to: 80), context: context)
          #expect(other.context[8] == 0)
          try program.run(packet.udp(from: 4000, to: 443)).expect(TCAction.ok)
          let packets = try program.map("packets")
          #expect(try packets.value(of: UInt32(1), as: UInt64.self) == 1)
          #expect(try packets.value(of: UInt32(0), as: UInt64.self) == 2)
        }
        """,
      nativeTests: """
        @Test func theFunctionMarksToo() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try native.run(mark, on: packet.tcp(from: 4000, to: 443)).expect(TCAction.ok)
          #expect(try native.map(packets).value(of: UInt32(1), as: UInt64.self) == 1)
        }
        """, kernelRunsTests: true, runsOnCaptures: true),
    NewProgram(
      kind: "socket_filter", summary: "what a socket receives",
      purpose: "Lets a packet socket see UDP over IPv4 alone, and counts packets by protocol.", section: "socket", function: "filter",
      source: """
        /// Packets by the protocol of their IPv4 header.
        let packets = HashMap<IPProtocol, UInt64>(maxEntries: 256)

        /// The result is how many bytes of the packet the socket gets.
        @section("socket") @used
        func filter(_ ctx: SocketFilterContext) -> UInt32 {
          guard let ip = ctx.load(IPv4Header.self, atNetworkOffset: 0) else { return 0 }
          packets.count(ip.protocol)
          return ip.protocol == .udp ? .max : 0
        }
        """,
      tests: """
        @Test func onlyUDPIsKept() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try program.run(packet.udp(from: 4000, to: 53)).expect(returning: -1)
          try program.run(packet.tcp(from: 4000, to: 80)).expect(returning: 0)
          let packets = try program.map("packets")
          #expect(try packets.value(of: IPProtocol.udp, as: UInt64.self) == 1)
          #expect(try packets.value(of: IPProtocol.tcp, as: UInt64.self) == 1)
        }
        """,
      nativeTests: """
        @Test func theFunctionKeepsUDPToo() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try native.run(filter, on: packet.udp(from: 4000, to: 53)).expect(returning: -1)
          #expect(try native.map(packets).value(of: IPProtocol.udp, as: UInt64.self) == 1)
        }
        """, kernelRunsTests: true, runsOnCaptures: true),
    NewProgram(
      kind: "cgroup_skb", summary: "packets of the processes in a control group",
      purpose: "Keeps the processes of a control group from sending TCP to one port.", section: "cgroup_skb/egress", function: "filter",
      source: """
        /// Packets that were let through and that were not.
        let packets = ArrayMap<UInt64>(count: 2)

        /// TCP to this port is refused. It can be set before the program is loaded.
        let blockedPort = Setting<Port>(25)

        @section("cgroup_skb/egress") @used
        func filter(_ ctx: CgroupPacketContext) -> CgroupVerdict {
          let isBlocked = ctx.packet.ipv4?.tcp?.destinationPort == blockedPort.value
          packets[isBlocked ? 1 : 0]?.add(1)
          return isBlocked ? .deny : .allow
        }
        """,
      tests: """
        @Test func onePortIsRefused() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try program.run(packet.tcp(from: 4000, to: 25)).expect(CgroupVerdict.deny)
          try program.run(packet.tcp(from: 4000, to: 80)).expect(CgroupVerdict.allow)
          try program.run(packet.udp(from: 4000, to: 25)).expect(CgroupVerdict.allow)
          let packets = try program.map("packets")
          #expect(try packets.value(of: UInt32(0), as: UInt64.self) == 2)
          #expect(try packets.value(of: UInt32(1), as: UInt64.self) == 1)
        }
        """,
      nativeTests: """
        @Test func theFunctionRefusesToo() throws {
          let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2")
          try native.run(filter, on: packet.tcp(from: 4000, to: 25)).expect(CgroupVerdict.deny)
          #expect(try native.map(packets).value(of: UInt32(1), as: UInt64.self) == 1)
        }
        """, kernelRunsTests: true, runsOnCaptures: true),
  ]

  private static let tracingKinds = [
    NewProgram(
      kind: "tracepoint", summary: "places in the kernel that are made to be traced",
      purpose: "Counts openat(2) by process.", section: "tracepoint/syscalls/sys_enter_openat", function: "opened",
      source: """
        /// Calls by process.
        let calls = HashMap<UInt32, UInt64>(maxEntries: 4096)

        /// Only this process; all for 0. It can be set before the program is loaded.
        let onlyProcess = Setting<UInt32>(0)

        @section("tracepoint/syscalls/sys_enter_openat") @used
        func opened(_ ctx: SyscallEnterContext) {
          let pid = Task.current.pid
          if onlyProcess.value != 0, onlyProcess.value != pid { return }
          calls.count(pid)
        }
        """, tests: contextTest("callsAreCounted", map: "calls"),
      nativeTests: nativeContextTest("opened", map: "calls")),
    NewProgram(
      kind: "raw_tracepoint", summary: "tracepoints with their raw arguments",
      purpose: "Counts system calls by number.", section: "raw_tracepoint/sys_enter", function: "entered",
      source: """
        /// Calls by number.
        let calls = HashMap<UInt64, UInt64>(maxEntries: 1024)

        /// The arguments are the registers and the number.
        @section("raw_tracepoint/sys_enter") @used
        func entered(_ ctx: RawTracepointContext) { calls.count(ctx[1]) }
        """,
      tests: """
        @Test func callsAreCounted() throws {
          // Two arguments of eight bytes each; the second is the number.
          let context = [UInt8](repeating: 0, count: 8) + [59, 0, 0, 0, 0, 0, 0, 0]
          for _ in 0..<3 { _ = try program.run(context: context) }
          #expect(try program.map("calls").value(of: UInt64(59), as: UInt64.self) == 3)
        }
        """,
      nativeTests: """
        @Test func theFunctionCountsToo() throws {
          let context = [UInt8](repeating: 0, count: 8) + [59, 0, 0, 0, 0, 0, 0, 0]
          _ = try native.run(entered, context: context)
          #expect(try native.map(calls).value(of: UInt64(59), as: UInt64.self) == 1)
        }
        """, kernelRunsTests: true),
    NewProgram(
      kind: "kprobe", summary: "calls of a function of the kernel",
      purpose: "Counts calls of the kernel's do_unlinkat, which removes files, by process.", section: "kprobe/do_unlinkat",
      function: "entered",
      source: """
        /// Calls by process.
        let calls = HashMap<UInt32, UInt64>(maxEntries: 4096)

        @section("kprobe/do_unlinkat") @used
        func entered(_ ctx: KprobeContext) { calls.count(Task.current.pid) }
        """, tests: contextTest("callsAreCounted", map: "calls"),
      nativeTests: nativeContextTest("entered", map: "calls")),
    NewProgram(
      kind: "uprobe", summary: "calls of a function of a program",
      purpose: "Counts calls of a function by process. Which function is said when the program is attached.", section: "uprobe",
      function: "entered",
      source: """
        /// Calls by process.
        let calls = HashMap<UInt32, UInt64>(maxEntries: 4096)

        @section("uprobe") @used
        func entered(_ ctx: UprobeContext) { calls.count(Task.current.pid) }
        """, tests: contextTest("callsAreCounted", map: "calls"),
      nativeTests: nativeContextTest("entered", map: "calls")),
    NewProgram(
      kind: "fentry", summary: "entry of a function of the kernel, by its types",
      purpose: "Counts calls of the kernel's do_unlinkat, which removes files, by process.", section: "fentry/do_unlinkat",
      function: "entered",
      source: """
        /// Calls by process.
        let calls = HashMap<UInt32, UInt64>(maxEntries: 4096)

        @section("fentry/do_unlinkat") @used
        func entered(_ ctx: FunctionEntryContext) { calls.count(Task.current.pid) }
        """, tests: contextTest("callsAreCounted", map: "calls"),
      nativeTests: nativeContextTest("entered", map: "calls")),
    NewProgram(
      kind: "perf_event", summary: "samples of a performance counter",
      purpose: "Counts samples by process: where the time goes.", section: "perf_event", function: "sampled",
      source: """
        /// Samples by process.
        let samples = HashMap<UInt32, UInt64>(maxEntries: 4096)

        @section("perf_event") @used
        func sampled(_ ctx: PerfEventContext) { samples.count(Task.current.pid) }
        """, tests: contextTest("samplesAreCounted", map: "samples"),
      nativeTests: nativeContextTest("sampled", map: "samples")),
  ]

  /// A test of a program that counts by process, and whose context it does not read.
  private static func contextTest(_ name: String, map: String) -> String {
    """
    @Test func \(name)() throws {
      let context = [UInt8](repeating: 0, count: 64)
      for _ in 0..<3 { _ = try program.run(context: context) }
      let \(map) = try program.map("\(map)").entries(UInt32.self, UInt64.self)
      #expect(\(map).map(\\.value) == [3])
    }
    """
  }
  /// A test of such a program's function.
  private static func nativeContextTest(_ function: String, map: String) -> String {
    """
    @Test func theFunctionCountsToo() throws {
      for _ in 0..<3 { _ = try native.run(\(function), context: [UInt8](repeating: 0, count: 64)) }
      let counted = try native.map(\(map)).entries(UInt32.self, UInt64.self)
      #expect(counted.map(\\.value) == [3])
    }
    """
  }
}
