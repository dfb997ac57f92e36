import CEBPF
import EBPFHost
import EBPFISA
import EBPFJIT
import EBPFObject
import EBPFTables
import EBPFVerifier

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes handles of an object: its maps, then its programs; on failure nothing is left behind.
struct Loader {
  let object: ObjectSpec
  let options: LoadOptions
  let processors: Int
  private var links = LinkTable(helpers: HelperTable.shared)

  init(object: ObjectSpec, options: LoadOptions, processors: Int) {
    self.object = object
    self.options = options
    self.processors = processors
  }

  mutating func load() throws(HostError) -> Loaded {
    guard object.byteOrder == .ofThisMachine else {
      throw HostError(
        .unsupported,
        "the object was compiled for \(object.byteOrder.rawValue)-endian machines and this one is not; compile with -target bpf")
    }
    let creator = MapCreator(processors: processors, btf: object.btf)
    var maps: [UserspaceMap] = []
    for spec in object.maps { maps.append(try creator.create(spec)) }
    links.maps = maps.map { UInt64(UInt(bitPattern: $0.header)) }
    links.mapValues = maps.map(\.directValues)
    do throws(HostError) {
      for index in maps.indices { try fill(maps[index], with: maps) }
      let programs = try loadPrograms(Instance(object: object, maps: maps, processors: processors, options: options))
      return Loaded(object: object, programs: programs, maps: maps.map { Map(spec: $0.spec, backend: $0) })
    } catch {
      for map in maps { map.close() }
      throw error
    }
  }

  /// Puts a map's contents in, and freezes it where it asks for that. Programs follow when they are loaded.
  private func fill(_ map: UserspaceMap, with maps: [UserspaceMap]) throws(HostError) {
    if map.spec.dataSection == .kconfig { try map.fill([0, 0, 0, 0], KernelSettings.bytes(map.spec, object)) }
    for entry in map.spec.contents {
      switch entry.value {
      case .bytes(let bytes): try map.fill(entry.key, bytes)
      case .map(let index):
        guard maps.indices.contains(index) else {
          throw HostError(.badArgument, "map '\(map.spec.name)' is filled with map number \(index); the object has \(maps.count)")
        }
        try map.put(maps[index], under: entry.key)
      case .program: break
      }
    }
    if map.spec.isFrozen { map.freeze() }
  }

  private func loadPrograms(_ instance: Instance) throws(HostError) -> [Program] {
    var programs: [Program] = []
    for spec in try options.programs(of: object) {
      let type = try self.type(of: spec)
      let shape = RunShape(type)
      guard shape.hasHook(type, attachType: spec.expectedAttachType) else {
        throw HostError(
          .unsupported,
          "program '\(spec.name)' is of type \(type), whose context holds addresses that nothing in this process provides: it can be verified, "
            + "and run with --host kernel (KernelHost) where the kernel has a test run for it; LoadOptions.programs names the programs to load"
        )
      }
      let proof = try verify(spec, type: type)
      let executable = try self.executable(of: spec, type: type, facts: proof?.facts)
      let proved = proof.map { ProvedSizes(context: $0.contextSize, memory: options.memorySize) }
      let code = ProgramCode(spec: spec, type: type, shape: shape, executable: executable, proved: proved)
      try checkProgramArrays(of: code, instance)
      programs.append(Program(spec: spec, backend: UserspaceProgram(code: code, instance: instance)))
    }
    for map in instance.maps {
      for entry in map.spec.contents {
        guard case .program(let name) = entry.value,
          let program = programs.first(where: { $0.spec.name == name })?.backend as? UserspaceProgram
        else { continue }
        try map.put(program, under: entry.key)
      }
    }
    return programs
  }

  /// A program may call only those of its own kind through a prog array.
  private func checkProgramArrays(of code: ProgramCode, _ instance: Instance) throws(HostError) {
    for instruction in code.spec.instructions where instruction.isWide && instruction.source == WideSource.mapIndex {
      guard let array = instance.maps[Int(instruction.immediate)] as? ProgramArray, !array.admits(code.kind) else { continue }
      throw HostError(
        .rejected,
        "program '\(code.spec.name)' makes tail calls through '\(array.spec.name)', which is for programs of another type or engine",
        errno: EINVAL)
    }
  }

  private func type(of spec: ProgramSpec) throws(HostError) -> ProgramType {
    guard let type = spec.type else {
      throw HostError(
        .unsupported,
        "program '\(spec.name)' (section '\(spec.section)') says no program type; set ProgramSpec.type, or --type on the command line")
    }
    return type
  }

  /// Brings a program into the form in which the chosen engine runs it.
  private func executable(of spec: ProgramSpec, type: ProgramType, facts: Facts?) throws(HostError) -> Engine {
    do throws(HostError) {
      // What the decoder refuses is refused whatever the engine.
      let decoded = try Decoder(program: spec.instructions, links: links, facts: facts).decode()
      switch options.engine {
      case .checked:
        return .checked(
          CheckedProgram(
            name: spec.name, type: type, attachType: spec.expectedAttachType, instructions: spec.instructions, decoded: decoded,
            facts: facts,
            helpers: HelperTable.shared, budget: options.instructionBudget, maps: links.maps, fixedRegions: directRegions(of: spec)))
      case .jit:
        guard let compiler = JIT.thisProcessor else { return .interpreter(decoded) }
        return .machineCode(try compile(spec, with: compiler, facts: facts))
      case .interpreter: return .interpreter(decoded)
      }
    } catch {
      throw HostError(error.code, "program '\(spec.name)': \(error.message)", errno: error.errno, underlying: error.underlying)
    }
  }

  /// Asks the verifier, unless the caller vouches for the program.
  /// - Returns: what was proved; `nil` of an unproved program.
  /// - Throws: ``HostError`` with ``HostError/Code/rejected``, whose ``HostError/underlying`` is the `Rejection`.
  private func verify(_ spec: ProgramSpec, type: ProgramType) throws(HostError) -> Proof? {
    guard options.verification == .required else { return nil }
    var verifier = Verifier()
    verifier.options.type = type
    verifier.options.memorySize = options.memorySize
    switch verifier.verify(spec, in: object) {
    case .accepted(let proof): return proof
    case .rejected(let rejection):
      throw HostError(.rejected, Self.message(rejection, spec), underlying: rejection)
    }
  }

  private static func message(_ rejection: Rejection, _ spec: ProgramSpec) -> String {
    var place = rejection.instruction.map { ", instruction \($0)" } ?? ""
    if let line = rejection.source ?? rejection.instruction.flatMap({ spec.line(at: $0) }) { place += " (\(line.file):\(line.line))" }
    let verdict = rejection.category == .unsupported ? "the verifier cannot prove it: " : ""
    let state = rejection.registerState.map { "; \($0)" } ?? ""
    let suggestion = rejection.suggestion.isEmpty ? "" : "; \(rejection.suggestion)"
    return "program '\(spec.name)'\(place): \(verdict)\(rejection.message)\(state)\(suggestion)"
  }

  /// The values that a program refers to directly.
  private func directRegions(of spec: ProgramSpec) -> [MemoryRegion] {
    var indices = Set<Int>()
    for instruction in spec.instructions where instruction.isWide && instruction.source == WideSource.mapIndexValue {
      indices.insert(Int(instruction.immediate))
    }
    return indices.sorted().compactMap { index in
      guard let values = links.mapValues[index] else { return nil }
      let map = object.maps[index]
      let isReadOnly = map.flags.contains(.readOnlyProgram) || map.dataSection == .rodata || map.dataSection == .kconfig
      return MemoryRegion(start: values.address, size: values.byteCount, kind: .mapValue(map.name), isWritable: !isReadOnly)
    }
  }

  /// Machine code of a program, in executable memory.
  private func compile(_ spec: ProgramSpec, with compiler: JIT, facts: Facts?) throws(HostError) -> MachineCode {
    let code: CompiledCode
    do { code = try compiler.compile(spec.instructions, facts: facts) } catch {
      throw HostError(.unsupported, "\(error); the interpreter engine may run it", underlying: error)
    }
    return try MachineCode(code) { target in
      switch target {
      case .helper(HelperTable.tailCall): address(of: compiledTailCall)
      case .helper(let number): number < UInt32(HelperTable.capacity) ? links.helpers[Int(number)].map(address(of:)) : nil
      case .map(let index): links.maps.indices.contains(index) ? links.maps[index] : nil
      case .mapValue(let index, let offset):
        links.mapValues.indices.contains(index) ? links.mapValues[index].map { $0.address &+ UInt64(offset) } : nil
      case .packetLoad: address(of: compiledPacketLoad)
      case .indirectCall: UInt64(UInt(bitPattern: unsafeBitCast(compiledIndirectCall as ebpf_indirect_call, to: UnsafeRawPointer.self)))
      // The names of kernel objects, of which this host has none; code addresses are filled in by whoever places the code.
      case .mapDescriptor, .mapDescriptorValue, .variable, .kfunc, .code: nil
      }
    }
  }
}

extension ByteOrder {
  fileprivate static var ofThisMachine: ByteOrder { 1.littleEndian == 1 ? .little : .big }
}

extension JIT {
  /// The compiler for this processor, with the instructions that it has; `nil` where there is no back end for it.
  package static let thisProcessor: JIT? = {
    #if arch(x86_64)
    let bits = cebpf_processor_features()
    var features: X86_64Features = []
    if bits & 1 != 0 { features.insert(.bmi2) }
    if bits & 2 != 0 { features.insert(.movbe) }
    return JIT(processor: .x86_64(features))
    #else
    return nil
    #endif
  }()
}
