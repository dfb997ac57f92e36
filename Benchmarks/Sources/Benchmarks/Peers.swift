import EBPF
import EBPFISA
import EBPFJIT
import Foundation

/// One way to run a benchmark program.
struct Runner {
  var name: String
  /// Runs the program so many times; answers the last result's low 32 bits and the nanoseconds of a run.
  var run: (Int) throws -> (result: UInt32, nanoseconds: Double)
}

/// A C function of the programs' form.
typealias NativeFunction = @convention(c) (UnsafeMutableRawPointer?, UInt64) -> UInt64

extension Runner {
  /// The same source compiled for this processor.
  static func native(_ program: BenchmarkProgram, _ input: [UInt8]) throws -> Runner {
    guard let library = dlopen(program.native, RTLD_NOW), let symbol = dlsym(library, "prog") else {
      throw BenchmarkError("\(program.native) cannot be opened")
    }
    return calling(unsafeBitCast(symbol, to: NativeFunction.self), "native", input)
  }

  /// Our engines, through the host: what a caller of ``Program/run(_:)`` gets.
  static func userspace(_ program: BenchmarkProgram, _ input: [UInt8], _ engine: LoadOptions.Engine) throws -> Runner {
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    let loaded = try UserspaceHost().load(program.memory, options: options)
    return Runner(name: engine.rawValue) { count in
      let result = try loaded.programs[0].run(TestInput(data: input, repeatCount: count))
      return (UInt32(truncatingIfNeeded: result.returnValue), result.nanoseconds)
    }
  }

  /// The JIT's code, called directly.
  static func code(_ program: BenchmarkProgram, _ input: [UInt8]) throws -> Runner? {
    guard let jit = JIT.forThisProcessor else { return nil }
    let code = try MappedCode(jit.compile(program.memory.programs[0].instructions))
    let memory = copy(of: input)
    return Runner(name: "code") { count in
      let (result, nanoseconds) = code.run(UInt64(UInt(bitPattern: memory)), UInt64(input.count), count: count)
      return (UInt32(truncatingIfNeeded: result), nanoseconds)
    }
  }

  /// The kernel's JIT on the XDP form. Its test run adds about 20 ns to each run.
  static func kernel(_ program: BenchmarkProgram, _ input: [UInt8]) throws -> Runner? {
    guard KernelHost.unavailability == nil else { return nil }
    guard let loaded = try? KernelHost().load(program.xdp) else { return nil }
    return Runner(name: "kernel") { count in
      let result = try loaded.programs[0].run(TestInput(data: input, repeatCount: count))
      return (UInt32(truncatingIfNeeded: result.returnValue), result.nanoseconds)
    }
  }

  /// Calls a C function over and over on a copy of the input.
  static func calling(_ function: @escaping NativeFunction, _ name: String, _ input: [UInt8]) -> Runner {
    let memory = copy(of: input)
    return Runner(name: name) { count in
      var result: UInt64 = 0
      let nanoseconds = timed(count) { result = function(memory, UInt64(input.count)) }
      return (UInt32(truncatingIfNeeded: result), nanoseconds)
    }
  }

  private static func copy(of input: [UInt8]) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: input.count, alignment: 64)
    memory.copyMemory(from: input, byteCount: input.count)
    return memory
  }
}

/// uBPF, opened at run time from the shared library that `UBPF_LIBRARY` names; the project does not contain or need it.
struct UBPF {
  private let create: @convention(c) () -> OpaquePointer?
  private let load: @convention(c) (OpaquePointer, UnsafeRawPointer, UInt32, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
  private let compile: @convention(c) (OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> NativeFunction?
  private let execute: @convention(c) (OpaquePointer, UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<UInt64>) -> Int32
  private let toggleBoundsCheck: @convention(c) (OpaquePointer, Bool) -> Bool

  /// - Returns: `nil` where `UBPF_LIBRARY` is not set.
  init?() throws {
    guard let path = ProcessInfo.processInfo.environment["UBPF_LIBRARY"] else { return nil }
    guard let library = dlopen(path, RTLD_NOW) else { throw BenchmarkError("UBPF_LIBRARY: \(String(cString: dlerror()))") }
    func symbol<T>(_ name: String, as type: T.Type) throws -> T {
      guard let address = dlsym(library, name) else { throw BenchmarkError("\(path) has no \(name)") }
      return unsafeBitCast(address, to: type)
    }
    create = try symbol("ubpf_create", as: type(of: create))
    load = try symbol("ubpf_load", as: type(of: load))
    compile = try symbol("ubpf_compile", as: type(of: compile))
    execute = try symbol("ubpf_exec", as: type(of: execute))
    toggleBoundsCheck = try symbol("ubpf_toggle_bounds_check", as: type(of: toggleBoundsCheck))
  }

  private func machine(_ program: BenchmarkProgram) throws -> OpaquePointer {
    guard let machine = create() else { throw BenchmarkError("ubpf_create failed") }
    _ = toggleBoundsCheck(machine, false)
    let code = Instruction.encode(program.memory.programs[0].instructions)
    var message: UnsafeMutablePointer<CChar>?
    guard load(machine, code, UInt32(code.count), &message) == 0 else {
      throw BenchmarkError("ubpf_load of \(program.name): \(message.map { String(cString: $0) } ?? "failed")")
    }
    return machine
  }

  func jit(_ program: BenchmarkProgram, _ input: [UInt8]) throws -> Runner {
    var message: UnsafeMutablePointer<CChar>?
    guard let function = compile(try machine(program), &message) else {
      throw BenchmarkError("ubpf_compile of \(program.name): \(message.map { String(cString: $0) } ?? "failed")")
    }
    return .calling(function, "uBPF JIT", input)
  }

  func interpreter(_ program: BenchmarkProgram, _ input: [UInt8]) throws -> Runner {
    let machine = try machine(program)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: input.count, alignment: 64)
    memory.copyMemory(from: input, byteCount: input.count)
    return Runner(name: "uBPF int.") { count in
      var result: UInt64 = 0
      let nanoseconds = timed(count) { _ = execute(machine, memory, input.count, &result) }
      return (UInt32(truncatingIfNeeded: result), nanoseconds)
    }
  }
}
