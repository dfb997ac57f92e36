import BPF
import EBPFHost
import EBPFTesting

/// A program of `Examples` in a native build, as its module hands it to the tests: what is not public there goes through here.
package struct NativeExample: Sendable {
  /// Runs it once on a packet, or on a context alone.
  package let run: @Sendable (NativeHost, _ data: [UInt8], _ context: [UInt8]) throws(HostError) -> TestOutcome
  /// Its maps by name.
  package let maps: @Sendable (NativeHost) throws(HostError) -> [String: TestMap]
  /// Gives the settings of the tests to those that it has.
  package let set: @Sendable (NativeHost, _ settings: [String: UInt64]) -> Void

  package init<Context: ProgramContext & SendableMetatype, Answer>(
    _ program: @escaping @Sendable (Context) -> Answer, maps: @escaping @Sendable (NativeHost) throws(HostError) -> [String: TestMap],
    set: @escaping @Sendable (NativeHost, [String: UInt64]) -> Void = { _, _ in }
  ) {
    run = { (host, data, context) throws(HostError) in try host.run(program, on: data, context: context) }
    self.maps = maps
    self.set = set
  }
}
