import EBPFHost
import EBPFObject
import Synchronization

/// What the programs of one ``UserspaceHost/load(_:options:)`` share: their maps and where their prints go.
///
/// Runs point to it without retaining; programs retain it.
final class Instance: Sendable {
  let object: ObjectSpec
  /// In the order of ``ObjectSpec/maps``.
  let maps: [UserspaceMap]
  /// The slots that runs may lease: those below.
  let processors: Int
  /// The time that programs see in place of the machine's.
  let clock: VirtualClock?
  /// Where the checked interpreter counts what runs.
  let coverage: ExecutionCounts?
  /// Receives lines of `bpf_trace_printk`.
  let trace: (@Sendable (String) -> Void)?
  /// The maps of programs that are functions of this process.
  let native: NativeMaps?

  init(object: ObjectSpec, maps: [UserspaceMap], processors: Int, options: LoadOptions, native: NativeMaps? = nil) {
    self.object = object
    self.maps = maps
    self.processors = processors
    trace = options.trace
    clock = options.clock
    coverage = options.coverage
    self.native = native
  }
}
