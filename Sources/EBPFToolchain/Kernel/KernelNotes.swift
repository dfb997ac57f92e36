internal import EBPFBTF
internal import EBPFObject

/// What is said behind the compiler's messages about names that the kernel's types have not.
struct KernelNotes {
  private let module: KernelModule
  private var btf: BTF { module.references.btf }

  init(_ module: KernelModule) { self.module = module }

  /// The notes, one for each message that is about a kernel's type.
  func notes(behind messages: String) -> String {
    var result = ""
    for line in messages.split(separator: "\n") {
      let line = Self.withoutColors(line)
      guard let mark = line.firstRange(of: " error: "), let text = note(String(line[mark.upperBound...])) else { continue }
      let place = line[..<mark.lowerBound]
      // A message stands once more in the picture of its line, without its place.
      guard place.contains(".swift:") else { continue }
      let note = "\(place) note: \(text)\n"
      if !result.contains(note) { result += note }
    }
    return result
  }

  private func note(_ message: String) -> String? {
    let quoted = message.split(separator: "'", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
      String($0.element)
    }
    if message.contains("has no member"), quoted.count == 2 { return member(quoted[1], of: quoted[0]) }
    if message.hasPrefix("cannot find"), message.hasSuffix("in scope"), let name = quoted.first { return type(name) }
    return nil
  }

  private func member(_ name: String, of type: String) -> String? {
    if let arguments = module.arguments[type.replacing("Kernel.", with: "")] {
      let list = arguments.isEmpty ? "no arguments that can be named" : arguments.joined(separator: ", ")
      return "\(type), as \(module.source) has the function, has: \(list)"
    }
    var type = type
    if let start = type.firstRange(of: "KernelField<") { type = String(type[start.upperBound...].dropLast()) }
    if type.hasSuffix("?") { type.removeLast() }
    if type.hasPrefix("Kernel.") { type.removeFirst("Kernel.".count) }
    guard let reference = module.references.types[type] else { return nil }
    let found = btf.type(reference.id)
    if let found, found.kind == .enumeration || found.kind == .enumeration64 {
      let close = Self.closest(to: name, in: found.enumerators.map(\.name))
      return "\(type), as \(module.source) has it, has no enumerator '\(name)'; \(close); to ask whether a kernel has it: "
        + "\(type).enumerator(\"\(name)\").exists"
    }
    let members = reference.id == 0 ? [] : btf.namedMembers(of: reference.id).map(\.name)
    if members.contains(name) {
      return "\(type) has a member '\(name)', and its type is not one that the module Kernel knows"
    }
    let close = Self.closest(to: name, in: members)
    return "\(type), as \(module.source) has it, has no member '\(name)'; \(close); for kernels that have it: "
      + ".member(\"\(name)\", as: UInt32.self), where \(type).field.member(\"\(name)\", as: UInt32.self).exists"
  }

  private func type(_ name: String) -> String? {
    let kinds: Set<BTFKind> = [.structure, .union, .enumeration, .enumeration64]
    // Names as the kernel has them; Swift's own have capitals.
    guard name.utf8.count > 2, name.contains("_"), !name.contains(where: \.isUppercase) else { return nil }
    if module.calls.contains(name) {
      var names: [String] = []
      for id in btf.ownTypes(of: [.function]) { if let type = btf.type(id) { names.append(type.name) } }
      return "\(module.source) has no function, tracepoint or hook '\(name)'; \(Self.closest(to: name, in: names))"
    }
    var names: Set<String> = []
    for id in btf.ownTypes(of: kinds) { if let type = btf.type(id), type.nameOffset != 0 { names.insert(type.name) } }
    return "\(module.source) has no type '\(name)'; \(Self.closest(to: name, in: Array(names))); for kernels that have it: \(name)___new"
  }

  /// Up to three names that are much like another, those that take the fewest changes first.
  private static func closest(to name: String, in names: [String]) -> String {
    let wanted = Array(name.utf8)
    let limit = max(1, wanted.count / 3)
    var found: [(distance: Int, name: String)] = []
    for candidate in Set(names) where abs(candidate.utf8.count - wanted.count) <= limit {
      let distance = editDistance(wanted, Array(candidate.utf8))
      if distance <= limit { found.append((distance, candidate)) }
    }
    for candidate in Set(names) where candidate.utf8.count > 3 && wanted.count > 3 && !found.contains(where: { $0.name == candidate }) {
      if candidate.hasSuffix("_\(name)") || candidate.hasPrefix("\(name)_") || candidate == "__\(name)" { found.append((limit, candidate)) }
    }
    found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return found.isEmpty ? "none is close" : "close: " + found.prefix(3).map(\.name).joined(separator: ", ")
  }

  private static func withoutColors(_ line: Substring) -> String {
    guard line.utf8.contains(0x1b) else { return String(line) }
    var result: [UInt8] = []
    var isEscape = false
    for byte in line.utf8 {
      if byte == 0x1b { isEscape = true }
      if !isEscape { result.append(byte) }
      if isEscape, byte == 0x6d { isEscape = false }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
