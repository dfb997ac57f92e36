import BPF
import EBPFTables
import Testing

/// The structs of cbpf_contexts.h against the tables, which are made from the kernel's own header.
@Suite struct ContextLayoutTests {
  private func check<Struct>(_ type: ProgramType, _ structure: Struct.Type, _ fields: [(name: String, offset: Int?)]) throws {
    let layout = try #require(ContextLayout.find(type) ?? AttachType.all.lazy.compactMap { ContextLayout.find(type, attachType: $0) }.first)
    #expect(layout.structName == "\(Struct.self)")
    #expect(MemoryLayout<Struct>.stride == layout.structSize, "\(Struct.self)")
    for (name, offset) in fields {
      let field = try #require(layout.fields.first { $0.name == name }, "\(Struct.self).\(name)")
      #expect(field.offset == offset, "\(Struct.self).\(name)")
    }
  }

  @Test func structsOfContexts() throws {
    try check(
      .xdp, xdp_md.self,
      [
        ("data", MemoryLayout<xdp_md>.offset(of: \.data)),
        ("data_end", MemoryLayout<xdp_md>.offset(of: \.data_end)),
        ("data_meta", MemoryLayout<xdp_md>.offset(of: \.data_meta)),
        ("ingress_ifindex", MemoryLayout<xdp_md>.offset(of: \.ingress_ifindex)),
        ("rx_queue_index", MemoryLayout<xdp_md>.offset(of: \.rx_queue_index)),
        ("egress_ifindex", MemoryLayout<xdp_md>.offset(of: \.egress_ifindex)),
      ])
    try check(
      .schedCls, __sk_buff.self,
      [
        ("len", MemoryLayout<__sk_buff>.offset(of: \.len)),
        ("pkt_type", MemoryLayout<__sk_buff>.offset(of: \.pkt_type)),
        ("mark", MemoryLayout<__sk_buff>.offset(of: \.mark)),
        ("queue_mapping", MemoryLayout<__sk_buff>.offset(of: \.queue_mapping)),
        ("protocol", MemoryLayout<__sk_buff>.offset(of: \.`protocol`)),
        ("vlan_present", MemoryLayout<__sk_buff>.offset(of: \.vlan_present)),
        ("vlan_tci", MemoryLayout<__sk_buff>.offset(of: \.vlan_tci)),
        ("vlan_proto", MemoryLayout<__sk_buff>.offset(of: \.vlan_proto)),
        ("priority", MemoryLayout<__sk_buff>.offset(of: \.priority)),
        ("ingress_ifindex", MemoryLayout<__sk_buff>.offset(of: \.ingress_ifindex)),
        ("ifindex", MemoryLayout<__sk_buff>.offset(of: \.ifindex)),
        ("tc_index", MemoryLayout<__sk_buff>.offset(of: \.tc_index)),
        ("cb", MemoryLayout<__sk_buff>.offset(of: \.cb)),
        ("hash", MemoryLayout<__sk_buff>.offset(of: \.hash)),
        ("tc_classid", MemoryLayout<__sk_buff>.offset(of: \.tc_classid)),
        ("data", MemoryLayout<__sk_buff>.offset(of: \.data)),
        ("data_end", MemoryLayout<__sk_buff>.offset(of: \.data_end)),
        ("napi_id", MemoryLayout<__sk_buff>.offset(of: \.napi_id)),
        ("family", MemoryLayout<__sk_buff>.offset(of: \.family)),
        ("remote_ip4", MemoryLayout<__sk_buff>.offset(of: \.remote_ip4)),
        ("local_ip4", MemoryLayout<__sk_buff>.offset(of: \.local_ip4)),
        ("remote_ip6", MemoryLayout<__sk_buff>.offset(of: \.remote_ip6)),
        ("local_ip6", MemoryLayout<__sk_buff>.offset(of: \.local_ip6)),
        ("remote_port", MemoryLayout<__sk_buff>.offset(of: \.remote_port)),
        ("local_port", MemoryLayout<__sk_buff>.offset(of: \.local_port)),
        ("data_meta", MemoryLayout<__sk_buff>.offset(of: \.data_meta)),
        ("flow_keys", MemoryLayout<__sk_buff>.offset(of: \.flow_keys)),
        ("tstamp", MemoryLayout<__sk_buff>.offset(of: \.tstamp)),
        ("wire_len", MemoryLayout<__sk_buff>.offset(of: \.wire_len)),
        ("gso_segs", MemoryLayout<__sk_buff>.offset(of: \.gso_segs)),
        ("sk", MemoryLayout<__sk_buff>.offset(of: \.sk)),
        ("gso_size", MemoryLayout<__sk_buff>.offset(of: \.gso_size)),
        ("tstamp_type", MemoryLayout<__sk_buff>.offset(of: \.tstamp_type)),
        ("hwtstamp", MemoryLayout<__sk_buff>.offset(of: \.hwtstamp)),
      ])
    try check(
      .skMsg, sk_msg_md.self,
      [
        ("data", MemoryLayout<sk_msg_md>.offset(of: \.data)),
        ("data_end", MemoryLayout<sk_msg_md>.offset(of: \.data_end)),
        ("family", MemoryLayout<sk_msg_md>.offset(of: \.family)),
        ("remote_ip4", MemoryLayout<sk_msg_md>.offset(of: \.remote_ip4)),
        ("local_ip4", MemoryLayout<sk_msg_md>.offset(of: \.local_ip4)),
        ("remote_ip6", MemoryLayout<sk_msg_md>.offset(of: \.remote_ip6)),
        ("local_ip6", MemoryLayout<sk_msg_md>.offset(of: \.local_ip6)),
        ("remote_port", MemoryLayout<sk_msg_md>.offset(of: \.remote_port)),
        ("local_port", MemoryLayout<sk_msg_md>.offset(of: \.local_port)),
        ("size", MemoryLayout<sk_msg_md>.offset(of: \.size)),
        ("sk", MemoryLayout<sk_msg_md>.offset(of: \.sk)),
      ])
    try check(
      .skReuseport, sk_reuseport_md.self,
      [
        ("data", MemoryLayout<sk_reuseport_md>.offset(of: \.data)),
        ("data_end", MemoryLayout<sk_reuseport_md>.offset(of: \.data_end)),
        ("len", MemoryLayout<sk_reuseport_md>.offset(of: \.len)),
        ("eth_protocol", MemoryLayout<sk_reuseport_md>.offset(of: \.eth_protocol)),
        ("ip_protocol", MemoryLayout<sk_reuseport_md>.offset(of: \.ip_protocol)),
        ("bind_inany", MemoryLayout<sk_reuseport_md>.offset(of: \.bind_inany)),
        ("hash", MemoryLayout<sk_reuseport_md>.offset(of: \.hash)),
        ("sk", MemoryLayout<sk_reuseport_md>.offset(of: \.sk)),
        ("migrating_sk", MemoryLayout<sk_reuseport_md>.offset(of: \.migrating_sk)),
      ])
    try check(
      .cgroupSockAddr, bpf_sock_addr.self,
      [
        ("user_family", MemoryLayout<bpf_sock_addr>.offset(of: \.user_family)),
        ("user_ip4", MemoryLayout<bpf_sock_addr>.offset(of: \.user_ip4)),
        ("user_ip6", MemoryLayout<bpf_sock_addr>.offset(of: \.user_ip6)),
        ("user_port", MemoryLayout<bpf_sock_addr>.offset(of: \.user_port)),
        ("family", MemoryLayout<bpf_sock_addr>.offset(of: \.family)),
        ("type", MemoryLayout<bpf_sock_addr>.offset(of: \.type)),
        ("protocol", MemoryLayout<bpf_sock_addr>.offset(of: \.`protocol`)),
        ("msg_src_ip4", MemoryLayout<bpf_sock_addr>.offset(of: \.msg_src_ip4)),
        ("msg_src_ip6", MemoryLayout<bpf_sock_addr>.offset(of: \.msg_src_ip6)),
        ("sk", MemoryLayout<bpf_sock_addr>.offset(of: \.sk)),
      ])
    try check(
      .sockOps, bpf_sock_ops.self,
      [
        ("op", MemoryLayout<bpf_sock_ops>.offset(of: \.op)),
        ("args", MemoryLayout<bpf_sock_ops>.offset(of: \.args)),
        ("family", MemoryLayout<bpf_sock_ops>.offset(of: \.family)),
        ("remote_ip4", MemoryLayout<bpf_sock_ops>.offset(of: \.remote_ip4)),
        ("local_ip4", MemoryLayout<bpf_sock_ops>.offset(of: \.local_ip4)),
        ("remote_ip6", MemoryLayout<bpf_sock_ops>.offset(of: \.remote_ip6)),
        ("local_ip6", MemoryLayout<bpf_sock_ops>.offset(of: \.local_ip6)),
        ("remote_port", MemoryLayout<bpf_sock_ops>.offset(of: \.remote_port)),
        ("local_port", MemoryLayout<bpf_sock_ops>.offset(of: \.local_port)),
        ("is_fullsock", MemoryLayout<bpf_sock_ops>.offset(of: \.is_fullsock)),
        ("snd_cwnd", MemoryLayout<bpf_sock_ops>.offset(of: \.snd_cwnd)),
        ("srtt_us", MemoryLayout<bpf_sock_ops>.offset(of: \.srtt_us)),
        ("bpf_sock_ops_cb_flags", MemoryLayout<bpf_sock_ops>.offset(of: \.bpf_sock_ops_cb_flags)),
        ("state", MemoryLayout<bpf_sock_ops>.offset(of: \.state)),
        ("rtt_min", MemoryLayout<bpf_sock_ops>.offset(of: \.rtt_min)),
        ("snd_ssthresh", MemoryLayout<bpf_sock_ops>.offset(of: \.snd_ssthresh)),
        ("rcv_nxt", MemoryLayout<bpf_sock_ops>.offset(of: \.rcv_nxt)),
        ("snd_nxt", MemoryLayout<bpf_sock_ops>.offset(of: \.snd_nxt)),
        ("snd_una", MemoryLayout<bpf_sock_ops>.offset(of: \.snd_una)),
        ("mss_cache", MemoryLayout<bpf_sock_ops>.offset(of: \.mss_cache)),
        ("ecn_flags", MemoryLayout<bpf_sock_ops>.offset(of: \.ecn_flags)),
        ("rate_delivered", MemoryLayout<bpf_sock_ops>.offset(of: \.rate_delivered)),
        ("rate_interval_us", MemoryLayout<bpf_sock_ops>.offset(of: \.rate_interval_us)),
        ("packets_out", MemoryLayout<bpf_sock_ops>.offset(of: \.packets_out)),
        ("retrans_out", MemoryLayout<bpf_sock_ops>.offset(of: \.retrans_out)),
        ("total_retrans", MemoryLayout<bpf_sock_ops>.offset(of: \.total_retrans)),
        ("segs_in", MemoryLayout<bpf_sock_ops>.offset(of: \.segs_in)),
        ("data_segs_in", MemoryLayout<bpf_sock_ops>.offset(of: \.data_segs_in)),
        ("segs_out", MemoryLayout<bpf_sock_ops>.offset(of: \.segs_out)),
        ("data_segs_out", MemoryLayout<bpf_sock_ops>.offset(of: \.data_segs_out)),
        ("lost_out", MemoryLayout<bpf_sock_ops>.offset(of: \.lost_out)),
        ("sacked_out", MemoryLayout<bpf_sock_ops>.offset(of: \.sacked_out)),
        ("sk_txhash", MemoryLayout<bpf_sock_ops>.offset(of: \.sk_txhash)),
        ("bytes_received", MemoryLayout<bpf_sock_ops>.offset(of: \.bytes_received)),
        ("bytes_acked", MemoryLayout<bpf_sock_ops>.offset(of: \.bytes_acked)),
        ("sk", MemoryLayout<bpf_sock_ops>.offset(of: \.sk)),
        ("skb_data", MemoryLayout<bpf_sock_ops>.offset(of: \.skb_data)),
        ("skb_data_end", MemoryLayout<bpf_sock_ops>.offset(of: \.skb_data_end)),
        ("skb_len", MemoryLayout<bpf_sock_ops>.offset(of: \.skb_len)),
        ("skb_tcp_flags", MemoryLayout<bpf_sock_ops>.offset(of: \.skb_tcp_flags)),
      ])
    try check(
      .skLookup, bpf_sk_lookup.self,
      [
        ("sk", MemoryLayout<bpf_sk_lookup>.offset(of: \.sk)),
        ("family", MemoryLayout<bpf_sk_lookup>.offset(of: \.family)),
        ("protocol", MemoryLayout<bpf_sk_lookup>.offset(of: \.`protocol`)),
        ("remote_ip4", MemoryLayout<bpf_sk_lookup>.offset(of: \.remote_ip4)),
        ("remote_ip6", MemoryLayout<bpf_sk_lookup>.offset(of: \.remote_ip6)),
        ("remote_port", MemoryLayout<bpf_sk_lookup>.offset(of: \.remote_port)),
        ("local_ip4", MemoryLayout<bpf_sk_lookup>.offset(of: \.local_ip4)),
        ("local_ip6", MemoryLayout<bpf_sk_lookup>.offset(of: \.local_ip6)),
        ("local_port", MemoryLayout<bpf_sk_lookup>.offset(of: \.local_port)),
        ("ingress_ifindex", MemoryLayout<bpf_sk_lookup>.offset(of: \.ingress_ifindex)),
      ])
    try check(
      .cgroupSockopt, bpf_sockopt.self,
      [
        ("sk", MemoryLayout<bpf_sockopt>.offset(of: \.sk)),
        ("optval", MemoryLayout<bpf_sockopt>.offset(of: \.optval)),
        ("optval_end", MemoryLayout<bpf_sockopt>.offset(of: \.optval_end)),
        ("level", MemoryLayout<bpf_sockopt>.offset(of: \.level)),
        ("optname", MemoryLayout<bpf_sockopt>.offset(of: \.optname)),
        ("optlen", MemoryLayout<bpf_sockopt>.offset(of: \.optlen)),
        ("retval", MemoryLayout<bpf_sockopt>.offset(of: \.retval)),
      ])
    try check(
      .cgroupSysctl, bpf_sysctl.self,
      [
        ("write", MemoryLayout<bpf_sysctl>.offset(of: \.write)),
        ("file_pos", MemoryLayout<bpf_sysctl>.offset(of: \.file_pos)),
      ])
    try check(
      .cgroupDevice, bpf_cgroup_dev_ctx.self,
      [
        ("access_type", MemoryLayout<bpf_cgroup_dev_ctx>.offset(of: \.access_type)),
        ("major", MemoryLayout<bpf_cgroup_dev_ctx>.offset(of: \.major)),
        ("minor", MemoryLayout<bpf_cgroup_dev_ctx>.offset(of: \.minor)),
      ])
    try check(
      .cgroupSock, bpf_sock.self,
      [
        ("bound_dev_if", MemoryLayout<bpf_sock>.offset(of: \.bound_dev_if)),
        ("family", MemoryLayout<bpf_sock>.offset(of: \.family)),
        ("type", MemoryLayout<bpf_sock>.offset(of: \.type)),
        ("protocol", MemoryLayout<bpf_sock>.offset(of: \.`protocol`)),
        ("mark", MemoryLayout<bpf_sock>.offset(of: \.mark)),
        ("priority", MemoryLayout<bpf_sock>.offset(of: \.priority)),
        ("src_ip4", MemoryLayout<bpf_sock>.offset(of: \.src_ip4)),
        ("src_ip6", MemoryLayout<bpf_sock>.offset(of: \.src_ip6)),
        ("src_port", MemoryLayout<bpf_sock>.offset(of: \.src_port)),
        ("dst_port", MemoryLayout<bpf_sock>.offset(of: \.dst_port)),
        ("dst_ip4", MemoryLayout<bpf_sock>.offset(of: \.dst_ip4)),
        ("dst_ip6", MemoryLayout<bpf_sock>.offset(of: \.dst_ip6)),
        ("state", MemoryLayout<bpf_sock>.offset(of: \.state)),
        ("rx_queue_mapping", MemoryLayout<bpf_sock>.offset(of: \.rx_queue_mapping)),
      ])
    try check(
      .netfilter, bpf_nf_ctx.self,
      [
        ("state", MemoryLayout<bpf_nf_ctx>.offset(of: \.state)),
        ("skb", MemoryLayout<bpf_nf_ctx>.offset(of: \.skb)),
      ])
  }
}
