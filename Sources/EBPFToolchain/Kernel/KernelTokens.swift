internal import EBPFBTF

/// The names that Swift sources use, as far as the module `Kernel` must know: whether it is imported, what may be a type, what may be a member.
struct KernelTokens {
  /// Whether a source says `import Kernel`.
  private(set) var importsKernel = false
  /// Whether a source names a program of a table of operations, which may write to objects.
  private(set) var hasStructOperations = false
  /// Names that no dot stands in front of, and those behind `Kernel.`.
  private(set) var names: Set<String> = []
  /// Names behind a dot. In extensions members are named without one: then all names are here.
  private(set) var members: Set<String> = []
  /// What a context with typed arguments is for: `FunctionEntry<do_unlinkat>`.
  struct Call: Hashable {
    var context: String
    var function: String
  }
  private(set) var calls: Set<Call> = []
  private var extended: Set<String> = []
  private static let contexts: Set<String> = ["FunctionEntry", "FunctionExit", "BTFTracepoint", "SecurityHook", "Kprobe"]

  init(_ sources: SwiftSources) {
    for file in sources.files { scan(file.bytes) }
  }

  /// Takes all names for members where the sources extend one of these types.
  mutating func settle(types: (String) -> Bool) {
    let protocols: Set = ["Optional", "KernelObject"]
    if extended.contains(where: { types(BTF.essentialName($0)) || protocols.contains($0) }) { members.formUnion(names) }
  }

  private mutating func scan(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      var isDotted = false
      var previous = ""
      var qualifier = ""
      var opened = ""
      while position < bytes.count {
        let byte = bytes[position]
        switch byte {
        case 0x2f where position + 1 < bytes.count && bytes[position + 1] == 0x2f:  // //
          while position < bytes.count, bytes[position] != 10 { position += 1 }
        case 0x2f where position + 1 < bytes.count && bytes[position + 1] == 0x2a:  // /*
          position = Self.endOfComment(bytes, position)
        case 0x22:  // "
          let end = Self.endOfString(bytes, position)
          if end - position < 64, String(decoding: bytes[position..<end], as: UTF8.self).contains("struct_ops") {
            hasStructOperations = true
          }
          position = end
          isDotted = false
        case 0x41...0x5a, 0x61...0x7a, 0x5f:
          let start = position
          while position < bytes.count, LoweringUnit.isIdentifier(bytes[position]) { position += 1 }
          let word = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
          if previous == "import", word == "Kernel" { importsKernel = true }
          if previous == "extension" { extended.insert(word) }
          if isDotted {
            members.insert(word)
            if qualifier == "Kernel" { names.insert(word) }
          } else {
            names.insert(word)
          }
          if Self.contexts.contains(opened) { calls.insert(Call(context: opened, function: word)) }
          isDotted = false
          opened = ""
          previous = word
          qualifier = word
        case 0x2e:  // .
          // A range's dots are none of a member's.
          let isRange = position + 1 < bytes.count && bytes[position + 1] == 0x2e
          isDotted = !isRange
          position += isRange ? 2 : 1
          if isRange, position < bytes.count, bytes[position] == 0x2e || bytes[position] == 0x3c { position += 1 }
          previous = "."
        case 0x60:  // `
          position += 1
        case 0x3c:  // <
          opened = previous
          isDotted = false
          previous = ""
          position += 1
        case 32, 9, 10, 13: position += 1
        default:
          isDotted = false
          previous = ""
          position += 1
        }
      }
    }
  }

  private static func endOfComment(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    var depth = 1
    var position = start + 2
    while position + 1 < bytes.count, depth > 0 {
      if bytes[position] == 0x2a, bytes[position + 1] == 0x2f {
        depth -= 1
        position += 2
      } else if bytes[position] == 0x2f, bytes[position + 1] == 0x2a {
        depth += 1
        position += 2
      } else {
        position += 1
      }
    }
    return depth > 0 ? bytes.count : position
  }

  private static func endOfString(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    let isLong = start + 2 < bytes.count && bytes[start + 1] == 0x22 && bytes[start + 2] == 0x22
    var position = start + (isLong ? 3 : 1)
    while position < bytes.count {
      switch bytes[position] {
      case 0x5c: position += 2
      case 0x22:
        guard isLong else { return position + 1 }
        if position + 2 < bytes.count, bytes[position + 1] == 0x22, bytes[position + 2] == 0x22 { return position + 3 }
        position += 1
      case 10 where !isLong: return position
      default: position += 1
      }
    }
    return bytes.count
  }
}
