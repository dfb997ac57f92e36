import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let tcpLifetimes = NativeExample(
    { stateChanged($0) }, maps: { (host) throws(HostError) in ["opened": try host.map(opened), "lifetimes": try host.map(lifetimes)] })
}
