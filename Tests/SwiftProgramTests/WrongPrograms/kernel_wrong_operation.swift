import BPF
import Kernel

let license = License.gpl
let swift_reno = StructOperations<tcp_congestion_ops>()

@section("struct_ops/swift_reno.threshold") @used
func threshold(_ ctx: StructOperationContext) -> UInt32 { 2 }
