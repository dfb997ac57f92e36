import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let loadBalancer = NativeExample(
    { load_balancer($0) },
    maps: { (host) throws(HostError) in
      ["services": try host.map(services), "rings": try host.map(rings), "backends": try host.map(backends)]
    })
}
