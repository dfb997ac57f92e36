// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Moves frames from one VLAN to another, takes tags off and puts them on, as a table says.
//
//   ebpf run vlan_rewriter.swift --pcap ../Captures/vlan.pcap --write rewritten.pcap
import BPF

let license = License.dualMITGPL

/// What becomes of a VLAN's frames: the number of another; 0: the tag comes off; 4095: they are dropped. VLAN 0 stands for frames without
/// a tag, which get one.
let rules = HashMap<UInt16, UInt16>(maxEntries: 4096)

/// Frames by what was done: left, renumbered, untagged, tagged, dropped.
let done = PerCPUArrayMap<UInt64>(count: 5)

private let dropped: UInt16 = 4095

@section("xdp") @used
func vlan_rewriter(_ ctx: XDPContext) -> XDPAction {
  guard let eth = ctx.packet.ethernet else { return .drop }
  if let tag = eth.vlan {
    guard let rule = rules[tag.identifier] else { return finish(0, .pass) }
    if rule.value == dropped { return finish(4, .drop) }
    if rule.value == 0 { return untag(ctx, eth, tag) }
    tag.identifier = rule.value
    return finish(1, .pass)
  }
  guard let rule = rules[0], rule.value != 0 else { return finish(0, .pass) }
  return rule.value == dropped ? finish(4, .drop) : addTag(ctx, eth, rule.value)
}

func finish(_ what: UInt32, _ action: XDPAction) -> XDPAction {
  done.add(1, to: what)
  return action
}

/// Takes the tag off: the addresses move over it.
func untag(_ ctx: XDPContext, _ eth: Header<EthernetHeader>, _ tag: Header<VLANHeader>) -> XDPAction {
  let header = EthernetHeader(destination: eth.destination, source: eth.source, type: tag.type)
  guard ctx.adjustHead(by: 4), let new = ctx.packet.ethernet else { return .aborted }
  new.fields = header
  return finish(2, .pass)
}

/// Puts a tag between the addresses and what follows.
func addTag(_ ctx: XDPContext, _ eth: Header<EthernetHeader>, _ identifier: UInt16) -> XDPAction {
  let header = EthernetHeader(destination: eth.destination, source: eth.source, type: .vlan)
  let tag = VLANHeader(control: BigEndian(identifier), type: eth.type)
  guard ctx.adjustHead(by: -4), let new = ctx.packet.ethernet, let newTag = new.following.header(VLANHeader.self) else { return .aborted }
  new.fields = header
  newTag.fields = tag
  return finish(3, .pass)
}
