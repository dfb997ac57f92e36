import BPF

struct Element: BitwiseCopyable {
  var timer: Timer
  var count: UInt64
}

let license = License.gpl
let elements = ArrayMap<Element>(count: 1)

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  let mark = ctx.mark
  guard let element = elements[0] else { return .ok }
  element.value.timer.initialize(in: elements)
  element.value.timer.onFire(in: elements) { _, value in value.value.count &+= UInt64(mark) }
  element.value.timer.start(after: 1000)
  return .ok
}
