import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let synGuard = NativeExample(
    { syn_guard($0) }, maps: { (host) throws(HostError) in ["buckets": try host.map(buckets), "outcomes": try host.map(outcomes)] },
    set: { host, settings in
      if let value = settings["rate"] { host.set(rate, to: value) }
      if let value = settings["burst"] { host.set(burst, to: value) }
    })
}
