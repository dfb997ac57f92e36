// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Looks at DNS over UDP: counts queries by type and answers by code, and reports the name of each query.
//
//   ebpf run dns_inspector.swift --pcap ../Captures/dns.pcap
import BPF

let license = License.dualMITGPL

/// The header of a message (RFC 1035 section 4.1.1).
struct DNSHeader: PacketHeader {
  var identifier: BigEndian<UInt16>
  var flags: BigEndian<UInt16>
  var questions: BigEndian<UInt16>
  var answers: BigEndian<UInt16>
  var authorities: BigEndian<UInt16>
  var additional: BigEndian<UInt16>

  var isResponse: Bool { flags.value & 0x8000 != 0 }
  var responseCode: UInt16 { flags.value & 15 }
}

/// A query, for whoever reads ``queries``.
struct Query: BitwiseCopyable {
  var client: IPv4Address
  var identifier: UInt16
  /// 1 is A, 28 AAAA, 15 MX; 0 where the name was longer than ``name``.
  var type: UInt16
  /// The name as the message has it: labels, each behind its length, up to one of length zero.
  var name: InlineArray<64, UInt8>
}

let queries = RingBuffer<Query>(byteCount: 1 << 16)
/// Queries by type; those that no slot is left for are at 255.
let queryTypes = PerCPUArrayMap<UInt64>(count: 256)
/// Answers by response code: 0 is well, 3 no such name.
let responseCodes = PerCPUArrayMap<UInt64>(count: 16)
/// Queries that no room was left to report.
var lost: UInt64 = 0

@section("xdp") @used
func dns_inspector(_ ctx: XDPContext) -> XDPAction {
  guard let ip = ctx.packet.ethernet?.ipv4, let udp = ip.udp else { return .pass }
  guard udp.destinationPort == .dns || udp.sourcePort == .dns, let dns = udp.following.header(DNSHeader.self) else { return .pass }
  if dns.fields.isResponse {
    responseCodes.add(1, to: UInt32(dns.fields.responseCode))
    return .pass
  }
  guard let record = queries.reserve() else {
    lost.atomicAdd(1)
    return .pass
  }
  record.value.name = InlineArray(repeating: 0)
  record.value.client = ip.source
  record.value.identifier = dns.fields.identifier.value
  var type: UInt16 = 0
  var labelEnd = 0
  for index in 0..<64 {
    guard let byte = dns.following[index] else { break }
    record.value.name[index] = byte
    if index == labelEnd {
      if byte == 0 {
        type = dns.following.load(BigEndian<UInt16>.self, at: index + 1)?.value ?? 0
        break
      }
      labelEnd = index + 1 + Int(byte)
    }
  }
  record.value.type = type
  record.submit()
  queryTypes.add(1, to: min(UInt32(type), 255))
  return .pass
}
