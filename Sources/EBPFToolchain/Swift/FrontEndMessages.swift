import EBPFTables

/// What swiftc says of a program that it refuses, with what to write instead where its own words do not say that: it knows nothing of eBPF.
///
/// Its text stays as it is. Behind a diagnostic comes a note at the same place.
struct FrontEndMessages {
  private let sources: SwiftSources
  private let colors: Bool

  init(_ sources: SwiftSources, colors: Bool) {
    self.sources = sources
    self.colors = colors
  }

  /// The error of a compiler that made nothing.
  func failure(_ result: CompilerProcess.Result, of compiler: String) -> ToolchainError {
    if let crash = crash(in: result.messages) {
      return ToolchainError(.compileFailed, crash.rendered(with: sources, colors: colors))
    }
    if result.isSignal || result.messages.isEmpty { return Toolchain.failure(result, of: compiler) }
    return ToolchainError(.compileFailed, annotated(result.messages))
  }

  // MARK: Diagnostics

  /// The messages with their notes; what is said twice is said once.
  func annotated(_ messages: String) -> String {
    var result: [Substring] = []
    var said: Set<String> = []
    var seen: Set<[Substring]> = []
    var lines = messages.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.first {
      guard let head = Diagnostic(line) else {
        result.append(line)
        lines = lines.dropFirst()
        continue
      }
      // One diagnostic ends where another begins, or at an empty line.
      let block = [line] + lines.dropFirst().prefix { !$0.isEmpty && Diagnostic($0) == nil }
      lines = lines.dropFirst(block.count)
      guard seen.insert(block).inserted else {
        if lines.first?.isEmpty == true { lines = lines.dropFirst() }
        continue
      }
      result += block
      guard head.isError, let help = help(for: head, all: messages), said.insert(help).inserted else { continue }
      func paint(_ text: String, _ code: String) -> String { colors ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
      result.append("\(paint("\(head.place): ", "1"))\(paint("note: ", "1;34"))\(help)"[...])
    }
    while result.last?.isEmpty == true { result.removeLast() }
    return result.joined(separator: "\n")
  }

  /// A line `FILE:LINE:COLUMN: error: MESSAGE`.
  private struct Diagnostic {
    let place: Substring
    let isError: Bool
    let message: Substring

    init?(_ line: Substring) {
      let text = FrontEndMessages.plain(line)
      for (word, isError) in [(": error: ", true), (": warning: ", false)] {
        guard let found = text.firstRange(of: word) else { continue }
        let place = text[..<found.lowerBound]
        let parts = place.split(separator: ":")
        guard parts.count >= 3, let last = parts.last, Int(last) != nil, !place.contains("|") else { continue }
        self.place = place
        self.isError = isError
        message = text[found.upperBound...]
        return
      }
      return nil
    }
  }

  /// A line without the codes of colors.
  private static func plain(_ line: Substring) -> Substring {
    guard line.utf8.contains(0x1b) else { return line }
    var result = ""
    var rest = line
    while let start = rest.firstIndex(of: "\u{1b}") {
      result += rest[..<start]
      rest = rest[start...].drop { $0 != "m" }.dropFirst()
    }
    return (result + rest)[...]
  }

  private func help(for diagnostic: Diagnostic, all: String) -> String? {
    let message = String(diagnostic.message)
    if let help = Self.helps.first(where: { $0.says.allSatisfy { message.contains($0) } })?.help { return help }
    if message.contains("subscript is get-only") || message.contains("to subscript of type"), all.contains("'MapValue<") {
      return "a lookup in a map gives a place, or nil: write map[key]?.value = value, or map.update(key, value)"
    }
    if message.contains("consumed more than once") || message.contains("used after consume"), reads("reserve(") {
      return "a reservation ends once, by submit() or discard(): write its fields before, and use it no more"
    }
    if message.hasPrefix("cannot find") { return helpForUnknown(message) }
    let quoted = message.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
    guard quoted.count > 3 else { return nil }
    if message.contains("has no member '") { return Self.nearestMember(to: quoted[3]).map { "did you mean '\($0)'?" } }
    if quoted.count > 4, message.hasPrefix("cannot assign value of type") || message.hasPrefix("cannot convert") {
      if Self.integers.contains(quoted[1]), Self.integers.contains(quoted[3]) {
        return "numbers of other sizes are converted by name: \(quoted[3])(value), or \(quoted[3])(truncatingIfNeeded: value)"
      }
      if ProgramShape.results.contains(quoted[1]), ProgramShape.results.contains(quoted[3]) {
        return "each kind of program has its own actions: write one of \(quoted[3])"
      }
      if message.contains("to expected argument type"), Self.types.contains(quoted[3]) {
        return "the map or function takes the type that it was declared with: write \(quoted[3])(value), or declare it with \(quoted[1])"
      }
    }
    return nil
  }

  private static let integers: Set<String> = [
    "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64",
  ]

  /// The public member of the modules that is nearest to a name.
  private static func nearestMember(to name: String) -> String? {
    var names: Set<String> = []
    for file in EmbeddedModules.files where file.path.hasSuffix(".swift") {
      for line in file.text.split(separator: "\n") {
        let words = line.split(separator: " ", maxSplits: 12).drop { $0 != "public" }
        guard let kind = words.firstIndex(where: { $0 == "var" || $0 == "func" || $0 == "let" }), kind + 1 < words.endIndex else {
          continue
        }
        let word = words[kind + 1].drop { $0 == "`" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        if word.count > 2 { names.insert(String(word)) }
      }
    }
    return ProgramShape.nearest(name, of: names.sorted())
  }

  private func reads(_ text: String) -> Bool { sources.files.contains { $0.bytes.firstRange(of: Array(text.utf8)) != nil } }

  /// What was meant by a name that nothing has.
  private func helpForUnknown(_ message: String) -> String? {
    let quoted = message.split(separator: "'", omittingEmptySubsequences: false)
    guard quoted.count > 1 else { return nil }
    let name = String(quoted[1])
    let isOfModule = ProgramShape.contexts.contains(name) || ProgramShape.results.contains(name) || Self.types.contains(name)
    if isOfModule || name.hasPrefix("bpf_"), !reads("import BPF") { return "it is of the module BPF: add 'import BPF'" }
    if name.hasPrefix("bpf_") {
      let names = (1..<256).compactMap { HelperID(rawValue: $0).name }
      return ProgramShape.nearest(name, of: names).map { "did you mean '\($0)'?" }
    }
    let near = ProgramShape.nearest(name, of: (ProgramShape.contexts.union(ProgramShape.results).union(Self.types)).sorted())
    return near.map { "did you mean '\($0)'?" }
  }

  private static let types: Set<String> = [
    "HashMap", "ArrayMap", "LRUHashMap", "PerCPUHashMap", "PerCPUArrayMap", "LPMTrie", "RingBuffer", "PerfEventArray", "ProgramArray",
    "Setting", "License", "Task", "Time", "Random", "IPv4Address", "IPv6Address", "Port", "EthernetHeader", "IPv4Header", "IPv6Header",
    "TCPHeader", "UDPHeader",
  ]

  /// What to write instead, by pieces of what swiftc says; the first that has all counts.
  private static let helps: [(says: [String], help: String)] = [
    (["protocol type 'any Error'"], "name the type of the error: throws(Problem)"),
    (["protocol type 'Any'"], "write a generic parameter in the place of Any, or an enum with one case a type"),
    (["cannot use a value of protocol type"], "write 'some' in the place of 'any', a generic parameter, or an enum with one case a type"),
    (["type 'any ", "cannot conform to"], "write 'some' in the place of 'any', a generic parameter, or an enum with one case a type"),
    (["cannot do dynamic casting"], "an enum with one case a type says at run time what it holds"),
    (["cannot use metatype"], "write a function that is generic over the type, or an enum"),
    (["cannot use key path"], "write a closure, { $0.packets }, or a function with a switch"),
    (["attribute 'weak'"], "write a struct in the place of the class; programs have no references that are counted"),
    (["non-final, generic method"], "write a struct in the place of the class, or an enum and a switch"),
    (
      ["no such module 'Foundation'"],
      "a program imports BPF, which has time, random numbers and printing; Foundation is for the application that loads the program"
    ),
    (["no such module 'Glibc'"], "a program imports BPF; it runs in the kernel, which has no C library"),
    (["no such module 'Musl'"], "a program imports BPF; it runs in the kernel, which has no C library"),
    (["no such module 'Darwin'"], "a program imports BPF; it runs in the kernel, which has no C library"),
    (["no such module 'EBPF'"], "that is the application's side; a program imports BPF"),
    (["no such module 'EBPF"], "that is the application's side; a program imports BPF, and EBPFTypes comes with it"),
    (["no such module"], "a program imports BPF and its own sources; other modules belong to the application"),
    (["'Task' initializer"], "programs run to their end and start no tasks; Task.current is the kernel's task that the program runs in"),
    (["unknown attribute 'MainActor'"], "all processors share a global: write a PerCPUArrayMap, or change it by atomicAdd"),
    (["does not conform to protocol 'BitwiseCopyable'"], "keys, values and records are copied byte by byte: write a struct of numbers"),
    (["requires that", "Context' conform to"], "the kernel offers this to other kinds of programs only"),
    (["'SocketFilterContext' has no member 'packet'"], "a socket filter reads its packet by ctx.load(UInt16.self, at: 12)"),
    (["value of type '", "Context' has no member"], "the kernel offers this not to this kind of program, or under another name"),
    (["value of type 'ArrayMap<", "has no member 'remove'"], "an array's elements are always there: write 0, or use a HashMap"),
    (
      ["'String' to expected argument type 'StaticString'"],
      "the text is fixed, and values follow it: printk(\"queue %u\", ctx.receiveQueue)"
    ),
    (
      ["value of optional type 'Header<"],
      "the packet may be too short for the header: guard let ip = ctx.packet.ipv4 else { return .pass }"
    ),
    (["missing argument for parameter 'maxEntries'"], "write how many elements it holds: HashMap<Key, Value>(maxEntries: 1024)"),
    (["is a get-only property"], "programs of this kind may read it, not write it"),
    (["'Mirror' is unavailable"], "programs have no type descriptions at run time: name the fields"),
    (["'init(describing:)' is unavailable"], "programs make no texts at run time: a fixed one is a StaticString"),
    (["unavailable in embedded Swift"], "write it with what programs have: integers, InlineArray, Span, optionals, structs and enums"),
  ]

  // MARK: Crashes

  /// A compiler that fell over something that Embedded Swift has not: the place that it was at.
  private func crash(in messages: String) -> SourceProblem? {
    guard messages.contains("Stack dump:") || messages.contains("Program crashed") else { return nil }
    if let (place, word) = sources.first(of: ["async", "await", "actor"]) {
      return SourceProblem(
        file: place.file, line: place.line, column: place.column,
        message: "'\(word)' needs an executor that switches between tasks, and eBPF programs run to their end",
        help: "leave it out; what waits belongs in the application, or is a Timer in a map")
    }
    // "for 'wait()' (at async.swift:3:1)"
    var place: (file: String, line: Int, column: Int) = ("", 0, 0)
    if let found = messages.firstRange(of: "(at ") {
      let parts = messages[found.upperBound...].prefix { $0 != ")" }.split(separator: ":")
      if parts.count >= 3, let line = Int(parts[parts.count - 2]), let column = Int(parts[parts.count - 1]) {
        place = (parts.dropLast(2).joined(separator: ":"), line, column)
      }
    }
    return SourceProblem(
      file: place.file, line: place.line, column: place.column, message: "the Swift compiler crashed while it compiled this for eBPF",
      help: "write it in another way, without classes, existentials and concurrency; EBPF_SWIFTC names another compiler")
  }
}

extension SwiftSources {
  /// The first of some words that stands in code, and its place: comments and texts do not count.
  func first(of words: Set<String>) -> (place: (file: String, line: Int, column: Int), word: String)? {
    for file in files {
      let bytes = file.bytes
      var index = 0
      var line = 1
      var start = 0
      func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
      func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a, 0x80...: true
        default: false
        }
      }
      while index < bytes.count {
        switch bytes[index] {
        case 10:
          line += 1
          index += 1
          start = index
        case UInt8(ascii: "/") where at(1) == UInt8(ascii: "/"):
          while index < bytes.count, bytes[index] != 10 { index += 1 }
        case UInt8(ascii: "/") where at(1) == UInt8(ascii: "*"):
          while index < bytes.count, !(bytes[index] == UInt8(ascii: "*") && at(1) == UInt8(ascii: "/")) {
            if bytes[index] == 10 {
              line += 1
              start = index + 1
            }
            index += 1
          }
          index += 2
        case UInt8(ascii: "\""):
          index += 1
          while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != 10 {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
          }
          if at(0) == UInt8(ascii: "\"") { index += 1 }
        case let byte where isWord(byte):
          let first = index
          while index < bytes.count, isWord(bytes[index]) { index += 1 }
          let word = String(decoding: bytes[first..<index], as: UTF8.self)
          if words.contains(word) { return ((file.path, line, first - start + 1), word) }
        default: index += 1
        }
      }
    }
    return nil
  }
}
