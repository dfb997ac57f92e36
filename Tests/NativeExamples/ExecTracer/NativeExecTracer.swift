import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  private static let maps: @Sendable (NativeHost) throws(HostError) -> [String: TestMap] = { (host) throws(HostError) in
    ["events": try host.map(events)]
  }
  package static let tracedExec = NativeExample({ executed($0) }, maps: maps)
  package static let tracedOpen = NativeExample({ opened($0) }, maps: maps)
}
