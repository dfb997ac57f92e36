// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Who sends, and in which VLANs, in a capture:
//
//   swift run TrafficReport ../Captures/web.pcap
import EBPF
import Foundation

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: TrafficReport CAPTURE\n".utf8))
  exit(2)
}
let capture = try Capture(contentsOf: CommandLine.arguments[1])

// With KernelHost() the same lines load the programs into the kernel.
let host = UserspaceHost()
let counter = try Counter.load(on: host) { $0.blockedPort = 81 }
let tags = try VlanTags.load(on: host)
defer {
  counter.close()
  tags.close()
}

let replay = try counter.programs.filter.run(over: capture)
_ = try tags.programs.count_tags.run(over: capture)

for arrival in try counter.maps.arrivals.records() {
  guard let traffic = try counter.maps.sources[arrival.source] else { continue }
  print("\(arrival.source): \(traffic.packets) packets, \(traffic.bytes) bytes, the first of \(arrival.length)")
}
try tags.maps.vlans.forEach { id, usage in
  print("VLAN \(id): \(usage.packets) packets, the last of type 0x\(String(usage.last_type.value, radix: 16))")
}
print("\(replay.packets) packets, \(try counter.variables.dropped.value) dropped, \(try tags.variables.untagged.value) untagged")
