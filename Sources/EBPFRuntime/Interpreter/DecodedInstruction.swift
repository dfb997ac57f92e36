/// One instruction as the interpreter executes it: 16 bytes, one for each 8-byte slot of the program, so that a slot's index stays what
/// jump distances and messages count in.
struct DecodedInstruction {
  var operation: Operation
  /// The raw opcode of a `packetLoad`: its size and mode.
  var detail: UInt8 = 0
  /// Destination and source register, 0 to 10: the decoder refuses others, and the interpreter indexes with them unchecked.
  var destination: UInt8
  var source: UInt8
  /// A jump's distance from this instruction (not from the next), or a memory access's offset in bytes.
  var offset: Int32
  /// The constant, sign-extended; of `ld_imm64` all 64 bits; of a helper call the helper's address; of a call the callee's distance.
  var immediate: UInt64

  /// A slot that no path may reach: the second half of an `ld_imm64`, and the one behind the program's end.
  static let unreachable = DecodedInstruction(operation: .unreachable, destination: 0, source: 0, offset: 0, immediate: 0)
}

/// What the interpreter's loop switches over.
///
/// Exhaustive and under 256 cases: loaded from memory, the switch is then one jump through a table without a range check. Storing a byte
/// that is no case would be undefined behaviour, so only the decoder makes instructions.
/// `k` and `x` are the kernel's names for a constant and a register as the second operand.
enum Operation: UInt8 {
  // 64-bit arithmetic.
  case add64k, add64x, sub64k, sub64x, mul64k, mul64x, div64k, div64x, sdiv64k, sdiv64x, mod64k, mod64x, smod64k, smod64x
  case or64k, or64x, and64k, and64x, xor64k, xor64x, lsh64k, lsh64x, rsh64k, rsh64x, arsh64k, arsh64x, neg64
  case mov64k, mov64x, movsx64b, movsx64h, movsx64w
  // 32-bit arithmetic; the upper half of the result is zero.
  case add32k, add32x, sub32k, sub32x, mul32k, mul32x, div32k, div32x, sdiv32k, sdiv32x, mod32k, mod32x, smod32k, smod32x
  case or32k, or32x, and32k, and32x, xor32k, xor32x, lsh32k, lsh32x, rsh32k, rsh32x, arsh32k, arsh32x, neg32
  case mov32k, mov32x, movsx32b, movsx32h
  // Byte order. What `le` and `be` mean on this machine is decided by the decoder.
  case truncate16, truncate32, nothing, swap16, swap32, swap64
  // Jumps.
  case ja, mayGoto
  case jeq64k, jeq64x, jgt64k, jgt64x, jge64k, jge64x, jset64k, jset64x, jne64k, jne64x, jsgt64k, jsgt64x, jsge64k, jsge64x
  case jlt64k, jlt64x, jle64k, jle64x, jslt64k, jslt64x, jsle64k, jsle64x
  case jeq32k, jeq32x, jgt32k, jgt32x, jge32k, jge32x, jset32k, jset32x, jne32k, jne32x, jsgt32k, jsgt32x, jsge32k, jsge32x
  case jlt32k, jlt32x, jle32k, jle32x, jslt32k, jslt32x, jsle32k, jsle32x
  // Memory.
  case loadB, loadH, loadW, loadDW, loadSignedB, loadSignedH, loadSignedW
  case storeBk, storeHk, storeWk, storeDWk, storeBx, storeHx, storeWx, storeDWx
  // Of a context's queue: 16 bits, where the register holds a queue.
  case storeQueue
  // Atomics; `fetch` leaves the old value in the source register.
  case atomicAdd32, atomicAdd64, atomicOr32, atomicOr64, atomicAnd32, atomicAnd64, atomicXor32, atomicXor64
  case fetchAdd32, fetchAdd64, fetchOr32, fetchOr64, fetchAnd32, fetchAnd64, fetchXor32, fetchXor64
  case exchange32, exchange64, compareExchange32, compareExchange64
  case loadAcquireB, loadAcquireH, loadAcquireW, loadAcquireDW, storeReleaseB, storeReleaseH, storeReleaseW, storeReleaseDW
  // The rest.
  case loadImmediate64, packetLoad
  case callHelper, callRegister, callLocal, tailCall, exit, unreachable
  // Two in a row: see Fusion.
  case mov64xAdd64k, mov64xAdd64x, mov64xSub64x, mov64xAnd64k, mov64xOr64x, mov64xXor64x, mov64xLsh64k, mov64xRsh64k, mov32xAnd32k
  case mov32xRsh32k, mov32xLsh32k, mov32xXor32x, mov32xAdd32x, mov64xMov64x, mov64xMov64k, mov64xJne64k, mov64kMov64k, mov64kMov64x
  case mov64kStoreWx, mov64kJlt64k, mov64kExit, add64kMov64x, add64kAdd64x, add64kAdd64k, add64kJne64k, add64kJne64x, add64kJlt64k
  case add64kJgt64x, add64xMov64x, add64xAdd64k, add64xXor64x, add64xLoadB, add64xLoadH, add64xLoadW, add64xLoadDW, add64xStoreBx
  case and64kJeq64k, and64kJne64k, and32kJeq32k, and32kJne32k, or64xMov64x, or64xAdd64x, xor64xMov64x, xor64xAdd64k, lsh64kRsh64k
  case lsh64kOr64x, rsh64kMov64x, rsh64kAdd64x, rsh64kLsh64k, lsh32kOr32x, rsh32kMov32x, or32xAdd32x, add32xAdd32x, add32xSub32x
  case add32xAdd64k, sub32xXor32x, xor32xMov32x, xor32xAdd32x, loadBLoadB, loadBMov64x, loadBStoreBx, loadBJeq32k, loadBJne32k
  case loadBJeq64k, loadBJne64k, loadHJne32k, loadHJne64k, loadWLoadW, loadWMov64x, loadWStoreWx, loadWAdd32x, loadWJeq64k
  case loadWJne64k, loadWExit, loadDWLoadDW, loadDWStoreDWx, loadDWMov64x, loadDWAdd64k, storeBxAdd64k, storeWxMov64x, storeWxMov64k
  case storeDWxStoreDWx, storeDWxMov64x
}
