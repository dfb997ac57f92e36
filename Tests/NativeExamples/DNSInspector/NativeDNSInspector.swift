import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let dnsInspector = NativeExample(
    { dns_inspector($0) },
    maps: { (host) throws(HostError) in
      ["queries": try host.map(queries), "queryTypes": try host.map(queryTypes), "responseCodes": try host.map(responseCodes)]
    })
}
