import CEBPF
public import EBPFHost
import EBPFISA
import EBPFJIT
public import EBPFObject
public import EBPFTables

/// The virtual machine in this process: no privileges, no kernel.
///
/// It verifies programs, compiles them to machine code where this processor has a back end, and runs them on what hooks give: memory, packets,
/// captures. Pointers in a program are real addresses; its safety comes from the verifier (see ``LoadOptions/Verification``).
public struct UserspaceHost: Host {
  /// How many processors programs see: as many runs can be under way at once, further ones wait, and per-CPU maps hold as many values. At
  /// least 1 and at most 1024; the machine's own number unless set.
  public var processorCount: Int

  public init() { processorCount = ProcessorSlots.processors }

  /// What messages call it.
  public var name: String { "userspace" }

  /// The map types that this host has; `Documentation/HelpersAndMaps.md` lists them.
  public static let mapTypes: Set<MapType> = [
    .array, .percpuArray, .hash, .percpuHash, .lruHash, .lruPercpuHash, .lpmTrie, .progArray, .arrayOfMaps, .hashOfMaps, .queue, .stack,
    .ringbuf, .devmap, .devmapHash, .cpumap, .xskmap, .perfEventArray,
  ]

  /// The helpers that programs can call here, `bpf_tail_call` among them; some of them only when unproved (`Documentation/HelpersAndMaps.md`).
  public static let helpers: Set<HelperID> = Set(HelperTable.entries.map(\.id)).union([.tailCall])

  /// Verifies an object's programs, compiles them, and makes its maps.
  /// - Throws: ``HostError`` with ``HostError/Code/rejected`` for a program that is not proved, ``HostError/Code/unsupported`` for what this host
  ///   does not have.
  public func load(_ object: ObjectSpec, options: LoadOptions) throws(HostError) -> Loaded {
    let object = try object.relocated(against: options.types, programs: options.programs)
    var loader = Loader(object: object, options: options, processors: max(1, min(processorCount, ProcessorSlots.capacity)))
    return try loader.load()
  }
}
