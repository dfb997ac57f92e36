// expect: loads kind=iter/task hosts=kernel
// kinds: iter/task
import BPF

let license = License.gpl

@section("iter/task") @used
func task(_ ctx: TaskIteratorContext) -> Int32 {
  if ctx.task == nil {
    ctx.output.print("%d tasks\n", ctx.output.position)
    return 0
  }
  ctx.output.write(ctx.output.position)
  return 0
}
