// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Reports each TCP connection of the machine when it ends: who, to whom, and how long it lasted.
import BPF

let license = License.gpl

/// When a connection began, in nanoseconds, by the address of its socket in the kernel.
let opened = HashMap<UInt64, UInt64>(maxEntries: 65536)

/// A connection that ended.
struct Lifetime: BitwiseCopyable {
  var nanoseconds: UInt64
  /// The addresses; IPv4's are in the last four bytes, behind ::ffff.
  var source: IPv6Address
  var destination: IPv6Address
  /// The ports, as numbers.
  var sourcePort: UInt16
  var destinationPort: UInt16
  /// 4 or 6.
  var version: UInt32
}

let lifetimes = RingBuffer<Lifetime>(byteCount: 1 << 18)
var lost: UInt64 = 0

/// What the tracepoint inet_sock_set_state writes.
struct StateChange: BitwiseCopyable {
  var common: UInt64
  var socket: UInt64
  var oldState: Int32
  var newState: Int32
  var sourcePort: UInt16
  var destinationPort: UInt16
  var family: UInt16
  var `protocol`: UInt16
  var source: UInt32
  var destination: UInt32
  var source6: (UInt32, UInt32, UInt32, UInt32)
  var destination6: (UInt32, UInt32, UInt32, UInt32)
}

private let established: Int32 = 1
private let closed: Int32 = 7
private let tcp: UInt16 = 6

@section("tracepoint/sock/inet_sock_set_state") @used
func stateChanged(_ ctx: TracepointContext<StateChange>) {
  guard ctx.record.protocol == tcp else { return }
  let socket = ctx.record.socket
  if ctx.record.newState == established {
    opened.update(socket, Time.monotonic)
    return
  }
  guard ctx.record.newState == closed, let start = opened[socket]?.value else { return }
  opened.remove(socket)
  guard let record = lifetimes.reserve() else {
    lost.atomicAdd(1)
    return
  }
  record.value.nanoseconds = Time.monotonic &- start
  record.value.source = IPv6Address(words: ctx.record.source6)
  record.value.destination = IPv6Address(words: ctx.record.destination6)
  record.value.sourcePort = ctx.record.sourcePort
  record.value.destinationPort = ctx.record.destinationPort
  record.value.version = ctx.record.family == 2 ? 4 : 6
  record.submit()
}
