/// What the text that the kernel's verifier writes says, at log level 4 (the refusal and the statistics) or 1 (also the path to it).
///
/// Source: `kernel/bpf/log.c` and `print_verification_stats` in `kernel/bpf/verifier.c`.
package struct VerifierLog: Sendable, Hashable {
  /// What the verifier objects to, its lines joined by `; `; empty where it says nothing.
  package var message = ""
  /// The slot of the instruction that was looked at last (level 1), or that the message names.
  package var instruction: Int?
  /// `processed N insns`, `total_states`, `peak_states`.
  package var instructionsProcessed: Int?
  package var totalStates: Int?
  package var peakStates: Int?
  /// `verification time N usec`.
  package var microseconds: Int?

  private static let tail = 1 << 14

  package init(_ text: String) {
    var objections: [Substring] = []
    var walked: Int?
    // What counts stands at the end; before it a log can have gigabytes of paths.
    for line in Substring(text.utf8.suffix(Self.tail)).split(whereSeparator: \.isNewline) {
      if readStatistics(line) { continue }
      if let slot = Self.walkedInstruction(line) {
        // The path goes on, so that what stood before was no refusal.
        walked = slot
        objections.removeAll()
      } else if !Self.isNarration(line) {
        objections.append(line)
      }
    }
    message = objections.joined(separator: "; ")
    // A message that names a slot means that one: the checks before and after the walk have no path.
    instruction = Self.namedInstruction(message) ?? walked
  }

  /// Takes in a line of the statistics; `false` where it is none.
  private mutating func readStatistics(_ line: Substring) -> Bool {
    let words = line.split(separator: " ")
    if line.hasPrefix("verification time "), words.count >= 3 {
      microseconds = Int(words[2])
      return true
    }
    if line.hasPrefix("stack depth ") { return true }
    if line.hasPrefix("processed "), line.contains(" insns (limit "), words.count >= 2 {
      instructionsProcessed = Int(words[1])
      for (index, word) in words.enumerated() where index + 1 < words.count {
        switch word {
        case "total_states": totalStates = Int(words[index + 1])
        case "peak_states": peakStates = Int(words[index + 1])
        default: break
        }
      }
      return true
    }
    return false
  }

  /// The slot in a line such as `12: (85) call bpf_map_lookup_elem#1`.
  private static func walkedInstruction(_ line: Substring) -> Int? {
    guard let colon = line.firstIndex(of: ":"), let slot = Int(line[..<colon]) else { return nil }
    let rest = line[line.index(after: colon)...]
    guard rest.hasPrefix(" ("), rest.dropFirst(4).hasPrefix(")") else { return nil }
    return slot
  }

  /// Lines that tell what is being done, and object to nothing.
  private static func isNarration(_ line: Substring) -> Bool {
    if line.first == ";" { return true }
    // A register state at a jump's target: `7: R0=1 R10=fp0`, `from 3 to 7: R0=1`.
    if let colon = line.firstIndex(of: ":"), Int(line[..<colon]) != nil { return true }
    if line.hasPrefix("from "), line.contains(" to ") { return true }
    for start in [
      "Validating ", "Func#", "arg#", "mark_precise:", "propagating ", "caller:", "callee:", "returning from callee:", "to caller at ",
    ]
    where line.hasPrefix(start) && (start != "arg#" || line.contains(" is safe")) {
      return true
    }
    if line.hasPrefix("Global function "), line.hasSuffix("Only those are supported.") { return true }
    if line.hasPrefix("func '"), line.contains("' arg"), line.contains(" has btf_id ") || line.contains(" type ") { return true }
    // The states of the frames after `caller:` and `callee:`.
    if line.hasPrefix(" ") || line.hasPrefix("R0") && line.contains("=") && line.contains("R10=") { return true }
    return line.hasPrefix("frame") && line.contains(": R")
  }

  /// The slot that a message names: `unreachable insn 5`, `jump out of range from insn 2 to 9`.
  private static func namedInstruction(_ message: String) -> Int? {
    guard let range = message.range(ofText: "insn ") else { return nil }
    let digits = message[range...].prefix { $0.isNumber }
    return Int(digits)
  }
}

extension String {
  /// The index behind the first occurrence of a text.
  fileprivate func range(ofText text: String) -> Index? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
