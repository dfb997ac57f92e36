import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let egressMarks = NativeExample(
    { egress_marks($0) }, maps: { (host) throws(HostError) in ["classes": try host.map(classes), "budgets": try host.map(budgets)] })
}
