import EBPFISA
import EBPFObject
import EBPFTables
import EBPFToolchain

/// Reads files that hold programs, whatever their form.
enum ProgramFile {
  /// What a file holds.
  enum Form {
    case object
    case source
    case raw
    case assembly
  }

  /// What a file holds, by its name and, where that does not say, by its bytes.
  static func form(_ path: String, _ bytes: [UInt8]) -> Form {
    if isObject(bytes) { return .object }
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
    switch name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last {
    case "o": return .object
    case "c", "swift": return .source
    case "bin": return .raw
    case "s", "S", "asm", "txt", "bpfasm": return .assembly
    default:
      // Instructions hold zero bytes and text does not: already `exit` has six.
      return bytes.contains(0) && bytes.count % 8 == 0 ? .raw : .assembly
    }
  }

  private static func isObject(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) }

  /// Reads a program file, or compiles it.
  static func load(_ path: String, compiling: CompileArguments) async throws -> ObjectSpec {
    let label = path == "-" ? "standard input" : path
    if Files.isFolder(path) { return try object(await compiling.compile([path]).object, label) }
    let bytes = try Files.read(path)
    switch form(path, bytes) {
    case .source:
      return try object(await compiling.compile([path]).object, label)
    case .object: return try object(bytes, label)
    case .raw: return try raw(bytes, label)
    case .assembly: return try assembly(bytes, label)
    }
  }

  private static func object(_ bytes: [UInt8], _ label: String) throws -> ObjectSpec {
    do {
      return try ObjectSpec(bytes: bytes, name: label)
    } catch { throw CommandFailure(error.description) }
  }

  /// Raw instructions: one program, named after its file. Its license is the GPL, so that it may call every helper.
  static func raw(_ bytes: [UInt8], _ label: String) throws -> ObjectSpec {
    guard bytes.count % 8 == 0, let instructions = Instruction.decode(bytes) else {
      throw CommandFailure(
        "\(label): offset \(bytes.count / 8 * 8): \(bytes.count % 8) bytes are left over; raw instructions are multiples of 8 bytes")
    }
    guard !instructions.isEmpty else { throw CommandFailure("\(label): it is empty") }
    return ObjectSpec(programs: [program(named: stem(label), instructions)], license: "GPL")
  }

  /// Assembly text: one program and the maps that it declares.
  static func assembly(_ bytes: [UInt8], _ label: String) throws -> ObjectSpec {
    let assembly: Assembly
    do {
      assembly = try assembler.assemble(utf8: bytes)
    } catch {
      throw CommandFailure("\(label):\(error.description)")
    }
    guard !assembly.instructions.isEmpty else { throw CommandFailure("\(label): it holds no instructions") }
    var maps: [MapSpec] = []
    for map in assembly.maps {
      guard let type = MapType(name: map.type) else {
        throw CommandFailure("\(label): map '\(map.name)': there is no map type '\(map.type)'")
      }
      maps.append(
        MapSpec(name: map.name, type: type, keySize: Int(map.keySize), valueSize: Int(map.valueSize), maxEntries: Int(map.maxEntries)))
    }
    var program = program(named: stem(label), assembly.instructions)
    // The names of its functions, where their beginnings bear labels.
    let names = Dictionary(assembly.labels.map { ($0.value, $0.key) }, uniquingKeysWith: { min($0, $1) })
    for index in program.functions.indices.dropFirst() {
      if let name = names[program.functions[index].start] { program.functions[index].name = name }
    }
    if let section = assembly.section {
      program.section = section
      if let meaning = SectionName(lenient: section) {
        program.type = meaning.type
        program.expectedAttachType = meaning.expectedAttachType
        program.attachTarget = meaning.attachTarget
        program.loadFlags = meaning.loadFlags
        program.isAutoloaded = meaning.isAutoloaded
      }
    }
    return ObjectSpec(programs: [program], maps: maps, license: "GPL")
  }

  /// The assembler with the kernel's names of helpers.
  static var assembler: Assembler {
    Assembler { name in
      let plain = name.hasPrefix("bpf_") ? String(name.dropFirst(4)) : name
      return HelperID(name: plain).map { Int32(bitPattern: $0.rawValue) } ?? HelperID(name: name).map { Int32(bitPattern: $0.rawValue) }
    }
  }

  /// A program of instructions alone, with a function wherever a call inside it leads.
  private static func program(named name: String, _ instructions: [Instruction]) -> ProgramSpec {
    var functions = [FunctionSpec(name: name, start: 0)]
    if let structure = try? ProgramStructure(checking: instructions, allowingRegisterCalls: true) {
      functions += structure.functions.dropFirst().map { FunctionSpec(name: "function_\($0)", start: $0) }
    }
    return ProgramSpec(name: name, instructions: instructions, functions: functions)
  }

  /// A file's name without folders and endings, fit to be a program's.
  static func stem(_ label: String) -> String {
    if label == "standard input" { return "program" }
    let last = label.split(separator: "/").last ?? "program"
    let stem = last.split(separator: ".").first ?? last
    return String(stem.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }
}
