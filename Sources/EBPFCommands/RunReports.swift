import EBPFBTF
import EBPFHost
import EBPFRuntime
import EBPFTables

/// What `ebpf run --pcap` prints.
struct ReplayReport {
  var replay: Replay
  var type: ProgramType?
  var maps: [MapDump]

  /// Writes one line of JSON to the console.
  func printJSON() throws(HostError) {
    try OutputBuffer.printJSON(
      [
        ("packets", "\(replay.packets)"),
        ("actions", JSONText.object(replay.actions.map { (Verdicts.name($0.action, type), "\($0.count)") })),
      ], maps: maps)
  }

  /// - Parameter most: how many entries of a map are shown.
  func text(most: Int) throws(HostError) -> String {
    var verdicts = Table(["verdict", " packets"])
    for count in replay.actions { verdicts.add([Verdicts.name(count.action, type), "\(count.count)"]) }
    var parts = ["\(replay.packets) packets, \(nanoseconds(replay.nanosecondsPerPacket)) each"]
    if !verdicts.isEmpty { parts.append(verdicts.text(indent: 2)) }
    for map in maps { parts.append(try map.text(most: most)) }
    return parts.joined(separator: "\n\n")
  }
}

/// What `ebpf run` on memory prints.
struct MemoryReport {
  var input: TestInput
  var result: TestResult
  var maps: [MapDump]

  /// Writes one line of JSON to the console.
  func printJSON() throws(HostError) {
    try OutputBuffer.printJSON(
      [
        ("result", JSONText.string(hexadecimal(result.returnValue))), ("nanosecondsPerRun", JSONText.number(result.nanoseconds)),
        ("data", JSONText.string(BTFValue.hex(result.data))), ("context", JSONText.string(BTFValue.hex(result.context))),
      ], maps: maps)
  }

  /// - Parameter most: how many entries of a map are shown.
  func text(most: Int) throws(HostError) -> String {
    var lines = ["result \(hexadecimal(result.returnValue)) (\(result.returnValue)), \(nanoseconds(result.nanoseconds))"]
    if result.data != input.data { lines.append("the data is changed:\n\(HexDump.text(result.data))") }
    if result.context != input.context, !result.context.isEmpty {
      lines.append("the context is\(input.context.isEmpty ? "" : " changed"):\n\(HexDump.text(result.context))")
    }
    var parts = [lines.joined(separator: "\n")]
    for map in maps { parts.append(try map.text(most: most)) }
    return parts.joined(separator: "\n\n")
  }
}

/// Text on its way to the console, which goes out in pieces: what is long is never whole in memory.
struct OutputBuffer {
  var text = ""

  /// Writes out what there is, once it is worth it.
  mutating func flushIfFull() {
    guard text.utf8.count >= 1 << 16 else { return }
    Console.write(text)
    text.removeAll(keepingCapacity: true)
  }

  /// Prints an object of some fields and, as its field `maps`, the entries of maps.
  static func printJSON(_ fields: [(String, String)], maps: [MapDump]) throws(HostError) {
    var output = OutputBuffer(text: "{" + fields.map { JSONText.string($0.0) + ":" + $0.1 + "," }.joined() + "\"maps\":{")
    for (index, map) in maps.enumerated() {
      if index > 0 { output.text += "," }
      output.text += JSONText.string(map.name) + ":"
      try map.writeJSON(to: &output)
    }
    Console.write(output.text + "}}\n")
  }
}

/// `0x` and hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// A time in nanoseconds, with one digit behind the point below 100.
func nanoseconds(_ value: Double) -> String {
  if value >= 10_000 { return "\(Int((value / 100).rounded()) / 10).\(Int((value / 100).rounded()) % 10) µs" }
  if value >= 100 { return "\(Int(value.rounded())) ns" }
  let tenths = Int((value * 10).rounded())
  return "\(tenths / 10).\(tenths % 10) ns"
}

/// Bytes as lines of offset, hexadecimal and text.
enum HexDump {
  static func text(_ bytes: [UInt8], most: Int = 256) -> String {
    var lines: [String] = []
    for start in stride(from: 0, to: min(bytes.count, most), by: 16) {
      let row = bytes[start..<min(start + 16, bytes.count, most)]
      let offset = String(start, radix: 16)
      let digits = row.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      let shown = String(String.UnicodeScalarView(row.map { $0 >= 0x20 && $0 < 0x7f ? Unicode.Scalar($0) : "." }))
      lines.append(
        "  " + String(repeating: "0", count: max(0, 4 - offset.count)) + offset + "  "
          + digits + String(repeating: " ", count: 48 - digits.count) + " " + shown)
    }
    if bytes.count > most { lines.append("  … \(bytes.count - most) bytes more") }
    return lines.joined(separator: "\n")
  }
}
