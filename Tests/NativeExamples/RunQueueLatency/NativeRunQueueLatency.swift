import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  private static let maps: @Sendable (NativeHost) throws(HostError) -> [String: TestMap] = { (host) throws(HostError) in
    ["woken": try host.map(woken), "histogram": try host.map(histogram)]
  }
  package static let runQueueWakeup = NativeExample({ wakeup($0) }, maps: maps)
  package static let runQueueSwitched = NativeExample({ switched($0) }, maps: maps)
}
