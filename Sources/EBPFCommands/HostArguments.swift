import ArgumentParser
import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables

extension LoadOptions.Engine: ExpressibleByArgument {}

/// What executes the program.
struct EngineArguments: ParsableArguments {
  @Option(
    help: "What executes it in userspace: machine code, the interpreter, or the interpreter that checks every access.")
  var engine = LoadOptions.Engine.jit

  @Flag(help: "Run it without a proof of safety: you vouch for it. A wrong program can crash this process.")
  var unchecked = false
}

/// The place where a program runs or is judged.
enum HostName: String, ExpressibleByArgument, CaseIterable {
  case userspace
  case kernel
}

/// A program of an object, loaded and ready to run.
struct LoadedProgram {
  var loaded: Loaded
  var program: Program
  var host: HostName
  var isProved: Bool

  /// Loads one program of an object, and those that it reaches by tail calls.
  init(
    _ spec: ProgramSpec, of object: ObjectSpec, host: HostName, engine: EngineArguments, memorySize: Int = 0,
    types: TargetTypes? = nil
  ) throws {
    var options = LoadOptions()
    options.engine = engine.engine
    options.verification = engine.unchecked ? .unchecked : .required
    options.memorySize = memorySize
    options.types = types
    options.trace = { Console.printError("trace: \($0.trimmingLineFeeds)") }
    var names: Set<String> = [spec.name]
    for map in object.maps {
      for entry in map.contents {
        if case .program(let name) = entry.value { names.insert(name) }
      }
    }
    options.programs = names
    do {
      switch host {
      case .userspace: loaded = try UserspaceHost().load(object, options: options)
      case .kernel:
        if engine.unchecked { throw ValidationError("the kernel runs no unchecked programs: leave out --unchecked or --host kernel") }
        if let reason = KernelHost.unavailability { throw CommandFailure(reason) }
        loaded = try KernelHost().load(object, options: options)
      }
      program = try loaded.program(spec.name)
    } catch let error as HostError {
      throw CommandFailure(Self.message(error))
    }
    self.host = host
    isProved = !engine.unchecked
  }

  /// A host's refusal, with the way out that the command line has.
  static func message(_ error: HostError) -> String {
    guard error.code == .rejected else { return error.message }
    return "\(error.message) (`ebpf verify` shows more; --unchecked runs it unproved, with --engine checked every access is checked)"
  }

  /// In a few words, what really executes the program: whoever reads a time or a verdict should know.
  var engineText: String {
    guard host == .userspace else { return "proved by the kernel, run in the kernel" }
    let proof = isProved ? "proved safe" : "unproved"
    return switch program.engine {
    case .jit?: "\(proof), run as machine code"
    case .interpreter?: "\(proof), run by the interpreter"
    case .checked?: "\(proof), run by the checked interpreter (every access is checked)"
    case nil: proof
    }
  }

  /// Says so where not what was asked for executes the program.
  func noteOtherEngine(than wanted: LoadOptions.Engine) {
    guard host == .userspace, let engine = program.engine, engine != wanted else { return }
    Console.note("there is no \(wanted.rawValue) engine for this processor: the \(engine.rawValue) engine runs the program")
  }
}
