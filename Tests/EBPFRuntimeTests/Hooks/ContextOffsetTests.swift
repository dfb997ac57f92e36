import EBPFISA
import EBPFRuntime
import EBPFTables
import Testing

/// Offsets that are written down as constants, against the table that was made from the kernel.
@Suite("Offsets in contexts")
struct ContextOffsetTests {
  private func check(_ type: ProgramType, _ constants: [(String, Int)], size: Int) throws {
    let layout = try #require(ContextLayout.find(type))
    #expect(layout.structSize == size)
    for (name, offset) in constants {
      let field = try #require(layout.fields.first { $0.name == name }, "no field \(name)")
      #expect(field.offset == offset, "\(name)")
    }
  }

  @Test("struct xdp_md") func xdp() throws {
    typealias C = XDPContext
    try check(
      .xdp,
      [
        ("data", C.data), ("data_end", C.dataEnd), ("data_meta", C.dataMeta), ("ingress_ifindex", C.ingressInterface),
        ("rx_queue_index", C.receiveQueue), ("egress_ifindex", C.egressInterface),
      ], size: C.size)
  }

  @Test("struct __sk_buff") func socketBuffer() throws {
    typealias C = SocketBufferContext
    try check(
      .schedCls,
      [
        ("len", C.length), ("pkt_type", C.packetType), ("mark", C.mark), ("queue_mapping", C.queueMapping), ("protocol", C.protocol),
        ("vlan_present", C.vlanPresent), ("vlan_tci", C.vlanTCI), ("vlan_proto", C.vlanProtocol), ("priority", C.priority),
        ("ingress_ifindex", C.ingressInterface), ("ifindex", C.interface), ("tc_index", C.tcIndex), ("cb", C.controlBlock),
        ("hash", C.hash), ("tc_classid", C.tcClassID), ("data", C.data), ("data_end", C.dataEnd), ("family", C.family),
        ("remote_ip4", C.remoteIPv4), ("local_ip4", C.localIPv4), ("remote_ip6", C.remoteIPv6), ("local_ip6", C.localIPv6),
        ("data_meta", C.dataMeta), ("tstamp", C.timestamp), ("wire_len", C.wireLength), ("gso_segs", C.segmentCount), ("sk", C.socket),
        ("gso_size", C.segmentSize), ("tstamp_type", C.timestampType), ("hwtstamp", C.hardwareTimestamp),
      ], size: C.size)
  }

  @Test("what translations of classic programs load") func classic() throws {
    typealias C = ClassicContext
    try check(
      .socketFilter,
      [
        ("len", C.length), ("pkt_type", C.packetType), ("mark", C.mark), ("queue_mapping", C.queue), ("protocol", C.protocol),
        ("vlan_present", C.vlanPresent), ("vlan_tci", C.vlanTag), ("vlan_proto", C.vlanProtocol), ("ifindex", C.interface),
        ("hash", C.hash),
      ].map { ($0.0, Int($0.1)) }, size: 192)
    #expect(C.getRandom == Int32(HelperID.getPrandomU32.rawValue))
    #expect(C.getProcessor == Int32(HelperID.getSmpProcessorId.rawValue))
  }
}
