import EBPF
import EBPFCapture
import EBPFISA
import EBPFTables

/// What the loop around a packet adds to the program: a run over a capture, less a run of the same program on nothing.
struct PacketBenchmark {
  var rounds: Int

  func run() throws {
    print("The loop around a packet, median of \(rounds) interleaved batches; the target is 10 ns a packet\n")
    let capture = try Self.capture(packets: 64, length: 100)
    var table = Table(["type", "engine", "packet ns", "program ns", "loop ns"])
    for (name, type) in [("xdp", ProgramType.xdp), ("tc", .schedCls), ("socket filter", .socketFilter)] {
      for engine in [LoadOptions.Engine.jit, .interpreter] {
        var options = LoadOptions()
        options.verification = .unchecked
        options.engine = engine
        let instructions: [Instruction] = [.mov64(.r0, 2), .exit]
        func load(_ type: ProgramType) throws -> Program {
          let spec = ProgramSpec(name: "nothing", type: type, instructions: instructions)
          return try UserspaceHost().load(ObjectSpec(programs: [spec], license: "GPL"), options: options).programs[0]
        }
        let onPackets = try load(type)
        let onMemory = try load(.rawMemory)
        let samples = try interleaved(
          rounds: rounds, batchNanoseconds: 2e6,
          [
            { count in
              var options = ReplayOptions()
              options.repeatCount = count
              let replay = try onPackets.run(over: capture, options: options)
              return replay.nanoseconds / Double(count)
            },
            { try onMemory.run(TestInput(repeatCount: $0)).nanoseconds },
          ])
        let packet = samples[0].median / Double(capture.packets.count)
        table.add([name, engine.rawValue, text(packet), text(samples[1].median), text(packet - samples[1].median)])
      }
    }
    print(table.printed() + "\n")
  }

  /// A pcap file of equal Ethernet frames.
  private static func capture(packets: Int, length: Int) throws -> Capture {
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) } }
    var bytes = word(0xa1b2_c3d4) + [2, 0, 4, 0] + word(0) + word(0) + word(65535) + word(1)
    for index in 0..<packets {
      bytes += word(UInt32(index)) + word(0) + word(UInt32(length)) + word(UInt32(length)) + benchmarkInput().prefix(length)
    }
    return try Capture(bytes: bytes)
  }
}
