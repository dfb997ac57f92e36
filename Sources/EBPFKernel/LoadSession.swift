internal import CEBPF
internal import EBPFHost
internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An object on its way into the kernel: its types and maps are there, and its programs can be offered one by one.
struct LoadSession {
  /// Above this many instructions a refused program is not walked again for the place: the path would be a log of gigabytes.
  private static let longestPath = 200_000

  let object: ObjectSpec
  private let types: KernelTypes?
  /// Why the kernel did not take the object's types, where it did not.
  private let typesRefusal: String?
  let maps: [KernelMap]

  /// Loads the types and creates the maps, with their contents as far as those are not programs.
  init(_ object: ObjectSpec) throws(HostError) {
    guard object.byteOrder == .host else {
      throw HostError(
        .unsupported,
        "the object was compiled for \(object.byteOrder.rawValue)-endian machines and this one is not; compile with -target bpf")
    }
    self.object = object
    switch KernelTypes.load(object) {
    case .none: (types, typesRefusal) = (nil, nil)
    case .loaded(let loaded): (types, typesRefusal) = (loaded, nil)
    case .refused(let reason): (types, typesRefusal) = (nil, reason)
    }
    let creator = MapCreator(types: types?.descriptor)
    var maps: [KernelMap] = []
    do throws(HostError) {
      for spec in object.maps { maps.append(try creator.create(spec)) }
      for map in maps {
        if map.spec.dataSection == .kconfig { try map.update([0, 0, 0, 0], KernelSettings(object).bytes(map.spec), .any) }
        try Self.fill(map, with: maps)
      }
    } catch {
      for map in maps { map.close() }
      types?.close()
      throw error
    }
    self.maps = maps
  }

  /// Gives the maps back. What the kernel still uses lives on there.
  func close() {
    for map in maps { map.close() }
    types?.close()
  }

  /// Puts a map's contents in, and freezes it where it asks for that.
  private static func fill(_ map: KernelMap, with maps: [KernelMap]) throws(HostError) {
    for entry in map.spec.contents {
      switch entry.value {
      case .bytes(let bytes): try map.update(entry.key, bytes, .any)
      case .map(let index):
        guard maps.indices.contains(index) else {
          throw HostError(.badArgument, "map '\(map.spec.name)' is filled with map number \(index); the object has \(maps.count)")
        }
        try map.update(entry.key, descriptor: maps[index].descriptor)
      case .program: break
      }
    }
    if map.spec.isFrozen { try map.freeze() }
  }

  /// Puts programs into the program arrays that name them; those that were not loaded stay out.
  func fillProgramArrays(_ programs: [Program]) throws(HostError) {
    for map in maps {
      for entry in map.spec.contents {
        guard case .program(let name) = entry.value,
          let program = programs.first(where: { $0.spec.name == name })?.backend as? KernelProgram
        else { continue }
        try map.update(entry.key, descriptor: program.descriptor)
      }
    }
  }

  /// Loads one program.
  func load(_ spec: ProgramSpec) throws(HostError) -> KernelProgram {
    let (answer, verdict) = try withLoader(for: spec) { (loader) throws(HostError) -> (ProgramLoader.Answer, KernelVerdict) in
      let answer = try loader.load()
      var verdict = self.verdict(answer, for: spec)
      // Which relocation found nothing: the refusal alone does not name the instruction.
      if verdict.answer == .reject, spec.coreResolutions.contains(where: \.isPoisoned) {
        if verdict.instruction == nil { verdict.instruction = try Self.place(verdict, loader) }
        Self.explain(&verdict, spec)
      }
      return (answer, verdict)
    }
    if let descriptor = answer.descriptor { return KernelProgram(spec: spec, descriptor: descriptor) }
    guard verdict.answer == .reject else {
      throw HostError(.unsupported, "program '\(spec.name)': \(verdict.message)", errno: verdict.errno, log: verdict.log)
    }
    throw HostError(
      .rejected, "the kernel's verifier rejects program '\(spec.name)': \(verdict.message)", errno: verdict.errno, log: verdict.log)
  }

  /// Asks for a verdict on one program, with the place of a refusal.
  func verify(_ spec: ProgramSpec, _ detail: KernelVerdict.LogDetail) throws(HostError) -> KernelVerdict {
    try withLoader(for: spec) { (loader) throws(HostError) in
      let answer = try loader.load(detail)
      answer.descriptor?.close()
      var result = verdict(answer, for: spec)
      if result.answer == .reject, result.instruction == nil { result.instruction = try Self.place(result, loader) }
      Self.explain(&result, spec)
      return result
    }
  }

  /// The instruction that was refused, from the log of the path to it.
  private static func place(_ verdict: KernelVerdict, _ loader: ProgramLoader) throws(HostError) -> Int? {
    guard (1...longestPath).contains(verdict.instructionsProcessed) else { return nil }
    let path = try loader.load(.path, keepsEnd: true)
    path.descriptor?.close()
    return VerifierLog(path.log).instruction
  }

  /// Says which CO-RE relocation found nothing, where that is why a program was refused.
  private static func explain(_ verdict: inout KernelVerdict, _ spec: ProgramSpec) {
    guard verdict.answer == .reject, verdict.message.contains("unknown#195896080"),
      let resolution = spec.poisonedResolution(at: verdict.instruction)
    else { return }
    verdict.message += ": CO-RE relocation \(resolution)"
  }

  /// Reads an answer.
  private func verdict(_ answer: ProgramLoader.Answer, for spec: ProgramSpec) -> KernelVerdict {
    let log = VerifierLog(answer.log)
    var result = KernelVerdict(
      answer: .accept, message: "", instruction: nil, instructionsProcessed: log.instructionsProcessed ?? 0,
      totalStates: log.totalStates ?? 0, peakStates: log.peakStates ?? 0, microseconds: log.microseconds ?? 0, errno: 0, log: answer.log)
    guard let error = answer.error else { return result }
    if let typesRefusal { result.log = "the object's types were not loaded: \(typesRefusal)\n" + result.log }
    result.errno = error.errno
    result.instruction = log.instruction
    if answer.log.isEmpty {
      result.answer = .unsupported
      result.message = Self.reason(error, for: spec)
    } else {
      result.answer = .reject
      result.message = log.message.isEmpty ? "the verifier stopped without a reason: \(error.text)" : log.message
    }
    return result
  }

  /// Why a program was refused without a word from the verifier.
  private static func reason(_ error: SystemError, for spec: ProgramSpec) -> String {
    let diagnosis = Diagnosis.current()
    var needs: [Diagnosis.Capability] = [.bpf]
    if let type = spec.type {
      if type.needsNetworkAdministration { needs.append(.netAdmin) }
      if type.needsPerformanceMonitoring { needs.append(.perfmon) }
    }
    switch error.errno {
    case EPERM:
      return "\(error.text) before the verifier looked: " + diagnosis.reasonForEPERM(needs)
    case EINVAL:
      return "\(error.text): this kernel does not know the program type, the attach type or one of the flags"
    case E2BIG:
      return
        "\(error.text): \(spec.instructions.count) instructions are more than the kernel takes (\(Limits.programSlots), 4096 without CAP_BPF)"
    default:
      return diagnosis.message("load", error, needs: needs)
    }
  }

  /// A program made ready: maps by descriptor, symbols of the kernel resolved, types and lines beside it.
  private func withLoader<Result>(
    for spec: ProgramSpec, _ body: (ProgramLoader) throws(HostError) -> Result
  ) throws(HostError) -> Result {
    guard let type = spec.type else {
      throw HostError(.unsupported, "section '\(spec.section)' of program '\(spec.name)' does not say a program type; give one (--type)")
    }
    guard type != .rawMemory else {
      throw HostError(.unsupported, "program '\(spec.name)' works on raw memory, which is not a type of the kernel's; run it in userspace")
    }
    var loader = ProgramLoader(
      name: spec.name, type: type, expectedAttachType: spec.expectedAttachType, flags: spec.loadFlags, license: object.license,
      kernelVersion: object.kernelVersion, instructions: spec.instructions)
    if let types { types.describe(spec, in: &loader) }
    try KernelSymbols.resolve(spec, in: object, &loader)
    // The numbers stay good: until the session ends, nobody else has the maps to close them.
    var descriptors: [Int32] = []
    for map in maps { descriptors.append(try map.descriptor.use { $0 }) }
    try Self.patch(&loader.instructions, with: descriptors, of: spec)
    return try body(loader)
  }

  /// Replaces indices of maps by descriptors.
  private static func patch(_ instructions: inout [Instruction], with descriptors: [Int32], of spec: ProgramSpec) throws(HostError) {
    var slot = 0
    while slot < instructions.count {
      let instruction = instructions[slot]
      guard instruction.isWide else {
        slot += 1
        continue
      }
      switch instruction.source {
      case WideSource.mapIndex, WideSource.mapIndexValue:
        guard descriptors.indices.contains(Int(instruction.immediate)) else {
          throw HostError(
            .badArgument,
            "program '\(spec.name)', instruction \(slot): refers to map number \(instruction.immediate); the object has \(descriptors.count)"
          )
        }
        instructions[slot].source = instruction.source == WideSource.mapIndex ? WideSource.mapFD : WideSource.mapFDValue
        instructions[slot].immediate = descriptors[Int(instruction.immediate)]
      default: break
      }
      slot += 2
    }
  }
}
