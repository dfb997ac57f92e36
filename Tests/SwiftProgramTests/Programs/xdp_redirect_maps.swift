// expect: 0 kind=xdp
// maps: DevMap, CPUMap, XSKMap
import BPF

let devices = DeviceMap(count: 4)
let hashed = DeviceHashMap(maxEntries: 4)
let processors = ProcessorMap(count: 2)
let sockets = XSKMap(count: 2)

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  switch ctx.receiveQueue {
  case 0: devices.redirect(to: 3)
  case 1: hashed.broadcast()
  case 2: processors.redirect(to: 1)
  case 3: sockets.contains(0) ? sockets.redirect(to: 0) : .pass
  default: XDPContext.redirect(to: 1)
  }
}
