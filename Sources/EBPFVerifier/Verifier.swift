public import EBPFBTF
public import EBPFISA
public import EBPFObject
public import EBPFTables

/// Proves programs safe: no access outside what a program owns, no leak of what it must give back, and an end.
///
/// A value without state; `verify` may be called from several threads at once.
public struct Verifier: Sendable {
  /// Whose verdict is asked, and under which circumstances.
  public struct Options: Sendable, Hashable {
    /// Whose rules decide.
    public enum Policy: Sendable, Hashable {
      /// Accept all that is proved safe in this project's own runtime.
      case userspace
      /// Say what that kernel says, its limits included. The rules here are those of Linux 6.18, `.kernel(major: 6, minor: 18)`: whatever the
      /// numbers, the answer is that kernel's.
      case kernel(major: Int, minor: Int)
    }
    /// Whose rules decide.
    public var policy: Policy = .userspace
    /// The type to verify for; `nil`: what the program says.
    public var type: ProgramType?
    /// Bytes of memory behind r1 of a ``ProgramType/rawMemory`` program.
    public var memorySize: Int = 0
    /// Whether memory must be accessed at multiples of the access's size (`BPF_F_STRICT_ALIGNMENT`).
    public var strictAlignment = false
    /// Whether the loader holds `CAP_BPF` and `CAP_PERFMON`. The rules for loaders without are not here: with `false` every program is
    /// ``Rejection/Category/unsupported``.
    public var isPrivileged = true
    /// Instructions to explore before giving up (the kernel's is one million).
    public var instructionLimit = 1_000_000

    public init() {}
  }

  /// Whose verdict is asked, for which type and memory.
  public var options: Options
  /// The types of the kernel whose verdict is asked (`/sys/kernel/btf/vmlinux`): what loads from its own structures need.
  /// The userspace policy has no use for them.
  public var kernelTypes: BTF?

  public init(options: Options = Options(), kernelTypes: BTF? = nil) {
    self.options = options
    self.kernelTypes = kernelTypes
  }
}

/// The verifier's answer.
public enum Verdict: Sendable {
  case accepted(Proof)
  case rejected(Rejection)
}

/// What was learned of an accepted program.
public struct Proof: Sendable {
  /// What the engines may rely on.
  public var facts: Facts
  /// Instructions walked, states kept: what the kernel prints as `processed N insns`.
  public var instructionsProcessed: Int
  /// States that were kept to compare others with.
  public var statesKept: Int
  /// Bytes of context, from its start, that the program may access on some path (the kernel's `max_ctx_offset`): it is safe with a context of
  /// at least that size.
  public var contextSize: Int

  public init(facts: Facts, instructionsProcessed: Int, statesKept: Int, contextSize: Int) {
    self.facts = facts
    self.instructionsProcessed = instructionsProcessed
    self.statesKept = statesKept
    self.contextSize = contextSize
  }
}

/// Why a program was not accepted.
public struct Rejection: Error, Sendable, Hashable {
  /// Why a program is not accepted.
  public enum Category: String, Sendable, Hashable {
    /// The program can do what it must not, as far as can be seen.
    case unsafe
    /// The verifier does not know a thing that the program uses; it may well be safe.
    case unsupported
  }
  /// Whether the program is wrong, or the verifier does not know enough.
  public var category: Category
  /// One line, in the kernel's words where it has some: `invalid access to packet, off=14 size=20, R2(id=0,off=14,r=14)`.
  public var message: String
  /// The slot of the instruction that was refused; `nil` where it is the program as a whole.
  public var instruction: Int?
  /// The register at fault and what is known of it there, `r2: pkt(off=14, r=14)`.
  public var register: UInt8?
  /// What is known of ``register`` there; `nil` where no register is at fault.
  public var registerState: String?
  /// What is missing and how a program usually says it, in a sentence or two; empty where nothing useful is known.
  public var suggestion: String
  /// The source line, where the object has line information.
  public var source: LineSpec?
  /// Instructions walked until then.
  public var instructionsProcessed: Int

  public init(
    category: Category, message: String, instruction: Int?, register: UInt8? = nil, registerState: String? = nil, suggestion: String = "",
    source: LineSpec? = nil, instructionsProcessed: Int = 0
  ) {
    self.category = category
    self.message = message
    self.instruction = instruction
    self.register = register
    self.registerState = registerState
    self.suggestion = suggestion
    self.source = source
    self.instructionsProcessed = instructionsProcessed
  }
}

extension Verifier {
  /// Proves one program of an object safe for its type, or says why it cannot.
  ///
  /// - Parameter object: Whose maps, externs and types the program refers to.
  public func verify(_ program: ProgramSpec, in object: ObjectSpec) -> Verdict {
    guard let type = options.type ?? program.type else {
      return .rejected(
        Rejection(
          category: .unsupported, message: "program '\(program.name)' (section '\(program.section)') says no program type",
          instruction: nil,
          suggestion: "Name the section after the type, SEC(\"xdp\"), or say the type when verifying."))
    }
    var rejection: Rejection
    do throws(Rejection) {
      return .accepted(try prove(program, in: object, type: type))
    } catch {
      rejection = error
    }
    if let slot = rejection.instruction, let resolution = program.poisonedResolution(at: slot) {
      rejection.message += ": CO-RE relocation \(resolution)"
      rejection.suggestion = resolution.advice
    }
    if rejection.source == nil, let slot = rejection.instruction { rejection.source = program.line(at: slot) }
    return .rejected(rejection)
  }

  private func prove(_ program: ProgramSpec, in object: ObjectSpec, type: ProgramType) throws(Rejection) -> Proof {
    guard options.isPrivileged else {
      throw Rejection(category: .unsupported, message: "the rules for loaders without privileges are not built yet", instruction: nil)
    }
    guard object.byteOrder == .little else {
      throw Rejection(category: .unsupported, message: "programs for big-endian machines", instruction: nil)
    }
    let model = try ProgramModel(program, in: object, type: type, options: options)
    var search = Search(model, options: options, kernelTypes: kernelTypes)
    do throws(Stop) {
      try search.prove(object: object)
    } catch {
      throw search.failure ?? Rejection(category: .unsupported, message: "the verifier stopped without a reason", instruction: nil)
    }
    return search.finish()
  }
}
