import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let vlanRewriter = NativeExample(
    { vlan_rewriter($0) }, maps: { (host) throws(HostError) in ["rules": try host.map(rules), "done": try host.map(done)] })
}
