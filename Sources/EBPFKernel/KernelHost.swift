internal import CEBPF
public import EBPFHost
internal import EBPFISA
public import EBPFObject
internal import EBPFTables

/// The running Linux kernel, through bpf(2): the same objects and calls as in userspace, with the kernel's verifier, compiler and maps.
///
/// Needs Linux 5.8 or newer and `CAP_BPF`, and what a program type asks for besides (`CAP_NET_ADMIN`, `CAP_PERFMON`); see ``unavailability``.
public struct KernelHost: Host {
  public init() {}

  /// What messages call it.
  public var name: String { "kernel" }

  /// Creates the object's maps and fills them, then loads its programs; on failure nothing is left behind.
  ///
  /// The verifier is the kernel's own and cannot be left out: ``LoadOptions/Verification/unchecked`` is refused.
  /// - Throws: ``HostError``; for a program that was refused with code ``HostError/Code/rejected``, the verifier's words in the message and
  ///   its log in ``HostError/log``.
  public func load(_ object: ObjectSpec, options: LoadOptions) throws(HostError) -> Loaded {
    guard options.verification == .required else {
      throw HostError(.unsupported, "the kernel runs no unchecked programs: its verifier is part of loading")
    }
    let object = try object.relocated(against: options.types, programs: options.programs)
    let chosen = try options.programs(of: object)
    let session = try LoadSession(object)
    var programs: [Program] = []
    do throws(HostError) {
      for spec in chosen {
        programs.append(Program(spec: spec, backend: try session.load(spec)))
      }
      try session.fillProgramArrays(programs)
    } catch {
      for program in programs { program.close() }
      session.close()
      throw error
    }
    return Loaded(object: object, programs: programs, maps: session.maps.map { Map(spec: $0.spec, backend: $0) })
  }

  /// What the kernel's verifier says of one program of an object. Nothing stays loaded.
  ///
  /// A log may be long, never too long for the verdict: of more than 64 MiB the end is kept.
  /// - Parameter types: what the program's CO-RE relocations are applied against; `nil`: the running kernel's types.
  /// - Throws: ``HostError`` where the question cannot be put: a map cannot be created, a symbol is not there, a relocation cannot be applied.
  public func verify(
    _ program: ProgramSpec, in object: ObjectSpec, detail: KernelVerdict.LogDetail = .statistics, types: TargetTypes? = nil
  ) throws(HostError) -> KernelVerdict {
    var alone = object
    alone.programs = [program]
    let program = try alone.relocated(against: types, programs: [program.name]).programs[0]
    let session = try LoadSession(object)
    defer { session.close() }
    return try session.verify(program, detail)
  }

  /// Why this process cannot use the kernel's eBPF, in a sentence; `nil` where it can. Found out once, by loading a program.
  public static let unavailability: String? = {
    let loader = ProgramLoader(
      name: "probe", type: .socketFilter, license: "",
      instructions: [
        Instruction(opcode: Opcode.alu64 | Opcode.mov | Opcode.k), Instruction(opcode: Opcode.jmp | Opcode.exit),
      ])
    do throws(HostError) {
      guard let error = try loader.load().error else { return nil }
      return Diagnosis.current().message("load a program", error)
    } catch { return error.message }
  }()
}
