import BPF
import EBPFHost
import EBPFTesting
import NativeExampleSupport

extension NativeExample {
  package static let packetCounter = NativeExample(
    { packet_counter($0) }, maps: { (host) throws(HostError) in ["protocols": try host.map(protocols), "sources": try host.map(sources)] },
    set: { host, settings in
      if let port = settings["blockedPort"] { host.set(blockedPort, to: Port(UInt16(port))) }
    })
}
