import CEBPF
import EBPFHost
import EBPFISA
import EBPFJIT
import EBPFObject
import EBPFTables

/// Makes handles of an object: its maps, then its programs; on failure nothing is left behind.
struct Loader {
  let object: ObjectSpec
  let options: LoadOptions

  mutating func load() throws(HostError) -> Loaded {
    let instance = Instance(object: object, options: options)
    var programs: [Program] = []
    for spec in try selectedPrograms() {
      let type = try self.type(of: spec)
      let engine = try self.engine(for: spec)
      programs.append(Program(spec: spec, backend: UserspaceProgram(spec: spec, type: type, engine: engine, instance: instance)))
    }
    return Loaded(object: object, programs: programs, maps: [])
  }

  /// The programs that the options ask for.
  private func selectedPrograms() throws(HostError) -> [ProgramSpec] {
    guard let names = options.programs else { return object.programs.filter(\.isAutoloaded) }
    for name in names.sorted() where !object.programs.contains(where: { $0.name == name }) {
      let all = object.programs.map(\.name).joined(separator: ", ")
      throw HostError(.notFound, "the object has no program '\(name)'; it has: \(all)")
    }
    return object.programs.filter { names.contains($0.name) }
  }

  private func type(of spec: ProgramSpec) throws(HostError) -> ProgramType {
    guard let type = spec.type else {
      throw HostError(
        .unsupported,
        "program '\(spec.name)' (section '\(spec.section)') says no program type; set ProgramSpec.type, or --type on the command line")
    }
    return type
  }

  /// Verifies a program and brings it into the form in which the chosen engine runs it.
  private func engine(for spec: ProgramSpec) throws(HostError) -> Engine {
    if options.verification == .required, options.engine != .checked {
      throw HostError(
        .unsupported,
        "program '\(spec.name)': the verifier is not built yet; run it with the checked engine, or unchecked if you vouch for it")
    }
    let links = LinkTable(helpers: HelperTable.shared)
    do throws(HostError) {
      let decoded = try Decoder(program: spec.instructions, links: links).decode()
      switch options.engine {
      case .checked:
        return .checked(
          CheckedProgram(
            name: spec.name, instructions: spec.instructions, decoded: decoded, helpers: HelperTable.shared,
            budget: options.instructionBudget, fixedRegions: []))
      case .interpreter, .jit: return .interpreter(decoded)
      }
    } catch {
      throw HostError(error.code, "program '\(spec.name)': \(error.message)", errno: error.errno, underlying: error.underlying)
    }
  }
}
