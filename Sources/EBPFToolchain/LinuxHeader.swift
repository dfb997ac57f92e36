/// `linux/bpf.h` for programs that use newer names than the system's header has.
///
/// Distributions ship the header of an older kernel than programs run on: Debian 12 that of Linux 6.1. In front of the system's header
/// the compiler finds one that includes it and adds what ``KernelInterface`` has and it lacks: enumerators, macros, structs, and
/// structs with fields that it does not know. What the system's header has stays its own, and one that has more than the table is
/// used as it is.
package enum LinuxHeader {
  /// The name under which sources include it.
  static let name = "linux/bpf.h"

  /// Writes the header where it is not in the cache.
  /// - Parameter system: The system's header.
  /// - Returns: the folder to search.
  static func prepare(for system: [UInt8], in cache: borrowing CacheFolder) throws(ToolchainError) -> String {
    let folder = "\(cache.path)/linux-\(CacheFolder.hexadecimal(CacheFolder.digest(system)))"
    try cache.keep("\(folder)/\(name)", from: "a system's header of \(system.count) bytes") { text(for: system) }
    return folder
  }

  /// The text of the header in front of a system's.
  package static func text(for system: [UInt8]) -> String {
    let has = Names(system)
    var enums: [(tag: Substring, lines: [String])] = []
    for line in KernelInterface.enumerators.split(separator: "\n") {
      let parts = line.split(separator: " ")
      // The header makes the names of helpers by a macro: FN(map_lookup_elem).
      let spelling = parts[0].hasPrefix("BPF_FUNC_") ? parts[0].dropFirst("BPF_FUNC_".count) : parts[0]
      if has.contains(spelling) || has.contains(parts[0]) { continue }
      let tag = has.tags.contains("enum \(parts[2])") ? "-" : parts[2]
      if enums.last?.tag != tag { enums.append((tag, [])) }
      enums[enums.count - 1].lines.append("  \(parts[0]) = \(literal(parts[1])),")
    }
    var renamed: [Substring] = []
    var additions = ""
    for one in enums { additions += "enum \(one.tag == "-" ? "" : "\(one.tag) "){\n\(one.lines.joined(separator: "\n"))\n};\n" }
    for line in KernelInterface.macros.split(separator: "\n") {
      let parts = line.split(separator: " ")
      if !has.contains(parts[0]) { additions += "#define \(parts[0]) \(literal(parts[1]))\n" }
    }
    for one in structs {
      if let body = has.structs[String(one.name)] {
        let ours = Names(Array(one.members.utf8)).all
        guard ours.contains(where: { !body.contains($0) && !$0.hasPrefix("__") }), body.isSubset(of: ours) else { continue }
        renamed.append(one.name)
      }
      additions += "struct \(one.name) {\(one.members)\n}\(one.attributes.isEmpty ? "" : " \(one.attributes)");\n"
    }
    var text = "// The system's header, and what it lacks of newer ones.\n#ifndef __EBPF_LINUX_BPF_H__\n#define __EBPF_LINUX_BPF_H__\n\n"
    for name in renamed { text += "#define \(name) ___older_\(name)\n" }
    text += "#include_next <linux/bpf.h>\n"
    for name in renamed { text += "#undef \(name)\n" }
    return text + "\n\(additions)\n#endif\n"
  }

  /// A number as C takes it: what does not fit into an int is unsigned and long.
  private static func literal(_ number: Substring) -> String {
    guard let value = Int64(number), value > Int64(Int32.max) else { return String(number) }
    return "0x\(String(value, radix: 16))ULL"
  }

  private struct Struct {
    var name: Substring
    var attributes: Substring
    var members: String
  }

  /// The table's structs.
  private static var structs: [Struct] {
    var result: [Struct] = []
    for line in KernelInterface.structs.split(separator: "\n") {
      if line.hasPrefix("struct ") {
        let parts = line.dropFirst("struct ".count).split(separator: " ", maxSplits: 1)
        result.append(Struct(name: parts[0], attributes: parts.count > 1 ? parts[1] : "", members: ""))
      } else {
        result[result.count - 1].members += "\n\(line)"
      }
    }
    return result
  }

  /// The names in a C text, without its comments.
  struct Names {
    /// All identifiers.
    private(set) var all: Set<String> = []
    /// `enum bpf_cmd`, `struct bpf_insn` and so on, of those that are defined.
    private(set) var tags: Set<String> = []
    /// The identifiers in each struct's body.
    private(set) var structs: [String: Set<String>] = [:]

    init(_ text: [UInt8]) {
      let tokens = Self.tokens(text)
      var previous = ("", "")
      for (index, token) in tokens.enumerated() {
        if token == "{", previous.0 == "struct" || previous.0 == "enum" || previous.0 == "union" {
          tags.insert("\(previous.0) \(previous.1)")
          if previous.0 == "struct" { structs[previous.1] = Self.body(tokens, from: index + 1) }
        }
        if Self.isIdentifier(token) { all.insert(token) }
        previous = (previous.1, token)
      }
    }

    func contains(_ name: some StringProtocol) -> Bool { all.contains(String(name)) }

    /// The identifiers up to the closing brace.
    private static func body(_ tokens: [String], from start: Int) -> Set<String> {
      var depth = 1
      var names: Set<String> = []
      for token in tokens[start...] {
        if token == "{" { depth += 1 }
        if token == "}" { depth -= 1 }
        if depth == 0 { break }
        if isIdentifier(token) { names.insert(token) }
      }
      return names
    }

    private static func isIdentifier(_ token: String) -> Bool {
      token.utf8.first.map { isWord($0) && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }

    private static func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }

    /// Words, and every other visible character for itself.
    private static func tokens(_ text: [UInt8]) -> [String] {
      var tokens: [String] = []
      var index = 0
      func skip(to end: String) {
        let end = Array(end.utf8)
        while index < text.count, !text[index...].starts(with: end) { index += 1 }
      }
      while index < text.count {
        let byte = text[index]
        if byte == UInt8(ascii: "/"), index + 1 < text.count, text[index + 1] == UInt8(ascii: "*") {
          index += 2
          skip(to: "*/")
          index += 2
        } else if byte == UInt8(ascii: "/"), index + 1 < text.count, text[index + 1] == UInt8(ascii: "/") {
          skip(to: "\n")
        } else if isWord(byte) {
          let start = index
          while index < text.count, isWord(text[index]) { index += 1 }
          tokens.append(String(decoding: text[start..<index], as: UTF8.self))
        } else {
          if byte > UInt8(ascii: " ") { tokens.append(String(UnicodeScalar(byte))) }
          index += 1
        }
      }
      return tokens
    }
  }
}
