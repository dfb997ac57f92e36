import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let protocolStatistics = NativeExample(
    { protocol_statistics($0) }, maps: { (host) throws(HostError) in ["traffic": try host.map(traffic), "sizes": try host.map(sizes)] })
}
