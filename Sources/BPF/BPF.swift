// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The module that an eBPF program in Swift imports.
//
//     import BPF
//
//     let license = License.gpl
//
//     /// Packets seen per IPv4 source.
//     let packets = HashMap<IPv4Address, UInt64>(maxEntries: 1024)
//
//     @section("xdp") @used
//     func filter(_ ctx: XDPContext) -> XDPAction {
//       guard let ip = ctx.packet.ethernet?.ipv4 else { return .pass }
//       packets.count(ip.source)
//       return ip.udp?.destinationPort == .discard ? .drop : .pass
//     }
//
// It is compiled twice: to eBPF, where everything is inlined into the program, and natively, where helpers go to the host that the
// thread has entered (CBPF's cbpf_host.h).
@_exported public import CBPF
@_exported public import EBPFTypes
