// expect: compiles kind=struct_ops/test_1
// kinds: struct_ops
import BPF

let license = License.gpl

@section("struct_ops/test_1") @used
func first(_ ctx: StructOperationContext) -> Int32 { Int32(truncatingIfNeeded: ctx[0] & 0) }
