import CEBPF
public import EBPFHost
import EBPFISA
import EBPFJIT
public import EBPFObject
import EBPFTables

/// The virtual machine in this process: no privileges, no kernel.
///
/// It verifies programs, compiles them to machine code where this processor has a back end, and runs them on what hooks give: memory, packets,
/// captures. Pointers in a program are real addresses; its safety comes from the verifier (see ``LoadOptions/Verification``).
public struct UserspaceHost: Host {
  public init() {}

  public var name: String { "userspace" }

  public func load(_ object: ObjectSpec, options: LoadOptions) throws(HostError) -> Loaded {
    var loader = Loader(object: object, options: options)
    return try loader.load()
  }
}
