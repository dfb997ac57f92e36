public import EBPFObject

/// A place where eBPF programs run: this process (`UserspaceHost`) or the Linux kernel (`KernelHost`).
public protocol Host: Sendable {
  /// A short name for messages: `userspace`, `kernel`.
  var name: String { get }

  /// Verifies, compiles and makes ready everything in an object; on failure nothing is left behind.
  func load(_ object: ObjectSpec, options: LoadOptions) throws(HostError) -> Loaded
}

extension Host {
  /// ``load(_:options:)`` with the defaults: proved programs only, the fastest engine there is.
  public func load(_ object: ObjectSpec) throws(HostError) -> Loaded { try load(object, options: LoadOptions()) }
}

/// How an object is loaded.
public struct LoadOptions: Sendable {
  /// What is asked of a program before it may run.
  public enum Verification: Sendable, Hashable {
    /// It is proved safe, or it is refused.
    case required
    /// It runs unproved: the caller vouches for it. Userspace only.
    case unchecked
  }

  /// What executes a program in userspace; the kernel has its own and ignores this.
  public enum Engine: String, Sendable, Hashable, CaseIterable {
    /// Machine code where this processor has a back end, else the interpreter.
    case jit
    case interpreter
    /// The interpreter with every access checked against every live region; slow, for finding faults.
    case checked
  }

  /// Whether programs must be proved; with ``Verification/unchecked`` a wrong program can crash the process.
  public var verification: Verification = .required
  /// What executes programs in userspace; ``Program/engine`` says what does.
  public var engine: Engine = .jit
  /// Names of the programs to load; `nil`: all that are not marked otherwise.
  public var programs: Set<String>?
  /// The types that CO-RE relocations are applied against; `nil`: the running kernel's.
  public var types: TargetTypes?
  /// Bytes of memory that a `rawMemory` program is proved for.
  public var memorySize: Int = 0
  /// Instructions that one run in the ``Engine/checked`` engine may execute before it is stopped with a fault; the other engines have no
  /// such limit, because the verifier has proved that the program ends.
  public var instructionBudget: Int = 100_000_000
  /// Receives what programs print (`bpf_trace_printk`), a line at a time, from any thread; `nil`: it is dropped.
  public var trace: (@Sendable (String) -> Void)?

  /// The time that programs see in place of the machine's clocks; userspace only.
  public var clock: VirtualClock?
  /// Counts how often each instruction runs, in the ``Engine/checked`` engine; userspace only.
  public var coverage: ExecutionCounts?

  public init() {}
}

extension LoadOptions {
  /// The programs of an object that are to be loaded.
  /// - Throws: ``HostError`` with ``HostError/Code/notFound`` for a name in ``programs`` that the object does not have.
  package func programs(of object: ObjectSpec) throws(HostError) -> [ProgramSpec] {
    guard let names = programs else { return object.programs.filter(\.isAutoloaded) }
    for name in names.sorted() where !object.programs.contains(where: { $0.name == name }) {
      let all = object.programs.map(\.name).joined(separator: ", ")
      throw HostError(.notFound, "the object has no program '\(name)'; it has: \(all)")
    }
    return object.programs.filter { names.contains($0.name) }
  }
}
