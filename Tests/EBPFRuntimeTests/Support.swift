import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables

/// Every engine: tests of meaning run in all of them.
let engines: [LoadOptions.Engine] = [.jit, .interpreter, .checked]
/// Those that see calls nest too deep or run off the program's end while it runs; the compiler refuses such programs.
let interpreters: [LoadOptions.Engine] = [.interpreter, .checked]

extension ProgramType {
  static let socketFilterType = ProgramType(rawValue: 1)
  static let classifierType = ProgramType(rawValue: 3)
  static let xdpType = ProgramType(rawValue: 6)
}

/// Loads a single program, unproved.
func load(
  _ instructions: [Instruction], type: ProgramType = .rawMemory, engine: LoadOptions.Engine = .interpreter, maps: [MapSpec] = [],
  options given: LoadOptions = LoadOptions()
) throws -> Loaded {
  var options = given
  options.verification = .unchecked
  options.engine = engine
  let spec = ProgramSpec(name: "test", type: type, instructions: instructions)
  return try UserspaceHost().load(ObjectSpec(programs: [spec], maps: maps), options: options)
}

/// Runs a single raw-memory program once.
func run(_ instructions: [Instruction], on data: [UInt8] = [], engine: LoadOptions.Engine = .interpreter) throws -> TestResult {
  let loaded = try load(instructions, engine: engine)
  defer { loaded.close() }
  return try loaded.programs[0].run(TestInput(data: data))
}
