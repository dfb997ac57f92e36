import ArgumentParser
import EBPFCapture
import EBPFHost
import EBPFISA

/// `ebpf filter`
struct FilterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "filter",
    abstract: "Select packets of a capture by an expression, as tcpdump does.",
    discussion: """
      The expression (pcap-filter(7)) is compiled to classic BPF by libpcap, which is opened when it is needed, or else by tcpdump. \
      The result is translated to eBPF, proved and compiled like any other program. The packets are those that `tcpdump -r` selects.

      Examples:
        ebpf filter 'tcp port 80' --read web.pcap --count
        ebpf filter 'udp and not port 53' --read all.pcapng --write some.pcapng
        ebpf filter 'vlan 7 and ip6' --read vlan.pcap -d
        tcpdump -ddd -r web.pcap 'ip6' > ip6.ddd; ebpf filter --ddd ip6.ddd --read web.pcap
      """)

  @Argument(help: ArgumentHelp("What packets to select; without it, all.", valueName: "expression"))
  var expression: String?

  @Option(name: [.customShort("r"), .long], help: ArgumentHelp("The capture, pcap or pcapng; - is standard input.", valueName: "file"))
  var read: String

  @Option(
    name: [.customShort("w"), .long],
    help: ArgumentHelp("Write the selected packets to a capture of the same format; - is standard output.", valueName: "file"))
  var write: String?

  @Flag(help: "Print nothing but the number of selected packets.")
  var count = false

  @Flag(help: "Print what was done as JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Take the filter from a file with the output of `tcpdump -ddd` (or -dd); - is standard input.", valueName: "file"))
  var ddd: String?

  @Flag(name: .customShort("d"), help: "Print the compiled filter as `tcpdump -d` does, and stop.")
  var listing = false

  @Flag(help: "Print the filter's translation to eBPF, and stop.")
  var translation = false

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Run over the packets so many times, to measure the time.", valueName: "count"))
  var repeatCount = 1

  @OptionGroup var execution: EngineArguments

  func validate() throws {
    if expression != nil, ddd != nil { throw ValidationError("give an expression or --ddd, not both") }
    if count, json { throw ValidationError("--count and --json exclude each other") }
    if listing, translation { throw ValidationError("-d and --translation exclude each other") }
    if listing || translation, write != nil || count || json {
      throw ValidationError("-d and --translation print the filter and run nothing; leave --write, --count and --json out")
    }
    if write == "-", json || count {
      throw ValidationError("--write - takes standard output for the capture; leave --json and --count out")
    }
    if repeatCount < 1 { throw ValidationError("--repeat is at least 1") }
    if ddd == "-", read == "-" { throw ValidationError("--ddd and --read cannot both be standard input") }
  }

  func run() async throws {
    let label = read == "-" ? "standard input" : read
    let bytes = try Files.read(read)
    var damage: CaptureError?
    let capture: Capture
    do throws(CaptureError) { capture = try Capture(bytes: bytes, damage: &damage).cutToSnapLength() } catch {
      throw CommandFailure("\(label): \(error)")
    }
    if let damage, capture.packets.isEmpty { throw CommandFailure("\(label): \(damage)") }
    let groups = FilterGroup.groups(of: capture)
    var done: [Done] = []
    for group in groups {
      let classic = try await filter(for: group, of: groups)
      if listing || translation {
        show(classic, group, of: groups)
        continue
      }
      let run = try FilterRun(classic, engine: execution)
      defer { run.loaded.loaded.close() }
      run.loaded.noteOtherEngine(than: execution.engine)
      let (indices, nanoseconds) = try run.matches(group, of: capture, repeatCount: repeatCount)
      done.append(
        Done(group: group, instructions: classic.instructions.count, slots: run.slots, indices: indices, nanoseconds: nanoseconds))
    }
    if listing || translation { return }
    if damage != nil { report(done, capture) }
    // As tcpdump: what could be read has been dealt with, and the rest is an error. No output file is half a result.
    if let damage { throw CommandFailure("\(label): \(damage)" + (write.map { "; \($0) was not written" } ?? "")) }
    if let write {
      var writer = CaptureWriter(like: capture)
      for index in done.flatMap(\.indices).sorted() { writer.append(capture.packets[index]) }
      try Files.write(writer.bytes, to: write)
    }
    report(done, capture)
  }

  /// The classic program for a group's packets.
  private func filter(for group: FilterGroup, of groups: [FilterGroup]) async throws -> ClassicProgram {
    guard let ddd else { return try await FilterCompiler().compile(expression ?? "", for: group.interface) }
    guard groups.count == 1 else {
      let names = groups.map { "\($0.interface.linkType.rawValue)" }.joined(separator: ", ")
      throw CommandFailure(
        "\(read): its packets have several link types (\(names)), and a compiled filter is for one; give an expression in place of --ddd")
    }
    let text = String(decoding: try Files.read(ddd), as: UTF8.self)
    let isC = text.utf8.first { $0 > 0x20 } == UInt8(ascii: "{")
    do throws(ClassicError) {
      return try isC ? ClassicProgram(cText: text) : ClassicProgram(decimalText: text)
    } catch {
      throw CommandFailure("\(ddd == "-" ? "standard input" : ddd): \(error)")
    }
  }

  private func show(_ classic: ClassicProgram, _ group: FilterGroup, of groups: [FilterGroup]) {
    if groups.count > 1 { Console.print("link type \(group.interface.linkType.rawValue):") }
    guard translation else { return Console.write(classic.listing) }
    do throws(ClassicError) {
      Console.write(Disassembler(style: .llvm).source(try classic.translated(.init(dialect: .libpcap))))
    } catch { Console.note("\(error)") }
  }

  /// What became of one group of packets.
  private struct Done {
    var group: FilterGroup
    var instructions: Int
    var slots: Int
    var indices: [Int]
    var nanoseconds: Double
  }

  private func report(_ done: [Done], _ capture: Capture) {
    let matched = done.reduce(0) { $0 + $1.indices.count }
    let nanoseconds = done.reduce(0) { $0 + $1.nanoseconds } / Double(max(capture.packets.count, 1) * repeatCount)
    if count { return Console.print("\(matched)") }
    if json {
      let filters = done.map { done in
        JSONText.object([
          "linkType": "\(done.group.interface.linkType.rawValue)", "packets": "\(done.group.packets.count)",
          "matched": "\(done.indices.count)", "classicInstructions": "\(done.instructions)", "instructions": "\(done.slots)",
        ])
      }
      Console.print(
        JSONText.object([
          "packets": "\(capture.packets.count)", "matched": "\(matched)", "engine": JSONText.string(execution.engine.rawValue),
          "nanosecondsPerPacket": JSONText.number(nanoseconds), "filters": JSONText.array(filters),
        ]))
      return
    }
    let line =
      "\(matched) of \(capture.packets.count) packets match, \(JSONText.number((nanoseconds * 10).rounded() / 10)) ns a packet (\(execution.engine.rawValue))"
    write == "-" ? Console.note(line) : Console.print(line)
  }
}
