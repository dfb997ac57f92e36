import EBPFHost
import EBPFObject
import Synchronization

/// What the programs of one ``UserspaceHost/load(_:options:)`` share: their maps and where their prints go.
///
/// Runs point to it without retaining; programs retain it.
final class Instance: Sendable {
  let object: ObjectSpec
  /// Receives lines of `bpf_trace_printk`.
  let trace: (@Sendable (String) -> Void)?

  init(object: ObjectSpec, options: LoadOptions) {
    self.object = object
    trace = options.trace
  }
}
