import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let syscallCounts = NativeExample({ entered($0) }, maps: { (host) throws(HostError) in ["calls": try host.map(calls)] })
}
