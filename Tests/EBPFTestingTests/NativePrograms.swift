import BPF

// Programs as users write them, for NativeHostTests.

struct Flow: BitwiseCopyable, Equatable {
  var address: IPv4Address
  var port: Port
}

let flows = HashMap<Flow, UInt64>(maxEntries: 4)
let perProcessor = PerCPUArrayMap<UInt64>(count: 2)
let recent = LRUHashMap<UInt32, UInt64>(maxEntries: 16)
let waiting = QueueMap<UInt32>(maxEntries: 4)
let prefixes = LPMTrie<Prefix<IPv4Address>, UInt32>(maxEntries: 8)
let seen = BloomFilter<UInt32>(maxEntries: 8)
let reports = RingBuffer<Flow>(byteCount: 4096)
let tables = ArrayOfMaps<HashMap<UInt32, UInt64>>(count: 2, innerMaxEntries: 4)
let limit = Setting<UInt32>(3)
let nextPrograms = ProgramArray(count: 4)

struct Session: BitwiseCopyable {
  var timer = Timer()
  var lock = SpinLock()
  var packets: UInt32 = 0
}
let sessions = HashMap<UInt32, Session>(maxEntries: 8)
let expired = ArrayMap<UInt64>(count: 8)

func flow(of ctx: XDPContext) -> Flow? {
  guard let ip = ctx.packet.ethernet?.ipv4, let udp = ip.udp else { return nil }
  return Flow(address: ip.source, port: udp.destinationPort)
}

@section("xdp") @used
func countFlows(_ ctx: XDPContext) -> XDPAction {
  guard let flow = flow(of: ctx) else { return .pass }
  perProcessor.add(1, to: 0)
  if let slot = flows[flow, default: 0] { slot.add(1) }
  guard let record = reports.reserve() else { return .aborted }
  record.value = flow
  record.submit()
  return .drop
}

@section("xdp") @used
func grow(_ ctx: XDPContext) -> XDPAction {
  guard ctx.adjustHead(by: -4), ctx.adjustTail(by: 2), let first: UInt32 = ctx.packet.load(at: 4) else { return .aborted }
  _ = ctx.store(first, at: 0)
  return .tx
}

@section("tc") @used
func markAndTag(_ ctx: TCContext) -> TCAction {
  ctx.mark = 7
  return ctx.pushVLAN(42) ? .ok : .shot
}

@section("xdp") @used
func goOn(_ ctx: XDPContext) -> XDPAction {
  perProcessor.add(1, to: 0)
  nextPrograms.tailCall(ctx, 1)
  perProcessor.add(1, to: 1)
  return .pass
}

@section("xdp") @used
func goOnForever(_ ctx: XDPContext) -> XDPAction {
  perProcessor.add(1, to: 0)
  nextPrograms.tailCall(ctx, 2)
  return .tx
}

@section("xdp") @used
func inTables(_ ctx: XDPContext) -> XDPAction {
  guard let table = tables[1] else { return .aborted }
  table.update(1, 11)
  guard let slot = table[1] else { return .drop }
  slot.add(1)
  return slot.value == 12 ? .pass : .drop
}

@section("xdp") @used
func withTimer(_ ctx: XDPContext) -> XDPAction {
  let key = UInt32(ctx.packet.byteCount)
  guard let session = sessions[key, default: Session()] else { return .aborted }
  session.value.lock.withLock { session.value.packets &+= 1 }
  if session.value.timer.initialize(in: sessions) {
    session.value.timer.onFire(in: sessions) { key, session in
      expired[0]?.add(UInt64(session.value.packets))
      expired[1]?.pointer.pointee = Time.monotonic
      sessions.remove(key.value)
    }
  }
  session.value.timer.start(after: 1_000_000)
  return .pass
}

@section("xdp") @used
func needsATask(_ ctx: XDPContext) -> XDPAction { bpf_get_current_task() == 0 ? .pass : .drop }

@section("xdp") @used
func needsABloomFilter(_ ctx: XDPContext) -> XDPAction { seen.insert(1) ? .pass : .drop }

@section("xdp") @used
func needsNoCarry(_ ctx: XDPContext) -> XDPAction { UInt8(ctx.packet.byteCount) + 200 > 0 ? .pass : .drop }

enum Choice { case first, second, third }

struct Numbers: BitwiseCopyable { var a: UInt32, b: UInt32 }
