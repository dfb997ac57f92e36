import CEBPF
import EBPFISA

/// The interpreter: registers in memory, a pointer into the decoded instructions, and one switch.
///
/// Pointers in a program are real addresses and nothing is checked here; ``CheckedInterpreter`` is the one that looks. The shape (operation as an
/// exhaustive enum in a 16-byte instruction, no class, array or `InlineArray` on the path) was chosen by measurement.
///
/// - Parameters:
///   - start: where to begin: a program's or a function's first instruction, as the decoder made it.
///   - r: sixteen registers, of which `r[10]`, the frame pointer, has a ``Frame`` above it whose `returnTo` is `nil`.
///   - environment: the run's; its `state` is a ``RunState``.
/// - Returns: r0 at the outermost `exit`.
@inline(never)
func interpret(
  _ start: UnsafePointer<DecodedInstruction>, _ r: UnsafeMutablePointer<UInt64>, _ environment: UnsafeMutablePointer<ebpf_environment>
) -> UInt64 {
  var pc = start
  while true {
    let i = pc
    let d = Int(i.pointee.destination)
    let s = Int(i.pointee.source)
    pc += 1
    switch i.pointee.operation {
    // 64-bit arithmetic.
    case .add64k: r[d] = r[d] &+ i.pointee.immediate
    case .add64x: r[d] = r[d] &+ r[s]
    case .sub64k: r[d] = r[d] &- i.pointee.immediate
    case .sub64x: r[d] = r[d] &- r[s]
    case .mul64k: r[d] = r[d] &* i.pointee.immediate
    case .mul64x: r[d] = r[d] &* r[s]
    case .or64k: r[d] = r[d] | i.pointee.immediate
    case .or64x: r[d] = r[d] | r[s]
    case .and64k: r[d] = r[d] & i.pointee.immediate
    case .and64x: r[d] = r[d] & r[s]
    case .xor64k: r[d] = r[d] ^ i.pointee.immediate
    case .xor64x: r[d] = r[d] ^ r[s]
    case .lsh64k: r[d] = r[d] &<< i.pointee.immediate
    case .lsh64x: r[d] = r[d] &<< r[s]
    case .rsh64k: r[d] = r[d] &>> i.pointee.immediate
    case .rsh64x: r[d] = r[d] &>> r[s]
    case .div64k: r[d] = quotient(r[d], i.pointee.immediate)
    case .div64x: r[d] = quotient(r[d], r[s])
    case .sdiv64k: r[d] = signedQuotient(r[d], i.pointee.immediate)
    case .sdiv64x: r[d] = signedQuotient(r[d], r[s])
    case .mod64k: r[d] = remainder(r[d], i.pointee.immediate)
    case .mod64x: r[d] = remainder(r[d], r[s])
    case .smod64k: r[d] = signedRemainder(r[d], i.pointee.immediate)
    case .smod64x: r[d] = signedRemainder(r[d], r[s])
    case .arsh64k: r[d] = UInt64(bitPattern: Int64(bitPattern: r[d]) &>> Int64(bitPattern: i.pointee.immediate))
    case .arsh64x: r[d] = UInt64(bitPattern: Int64(bitPattern: r[d]) &>> Int64(bitPattern: r[s]))
    case .neg64: r[d] = 0 &- r[d]
    case .mov64k: r[d] = i.pointee.immediate
    case .mov64x: r[d] = r[s]
    case .movsx64b: r[d] = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: r[s])))
    case .movsx64h: r[d] = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: r[s])))
    case .movsx64w: r[d] = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: r[s])))

    // 32-bit arithmetic.
    case .add32k: r[d] = UInt64(low(r[d]) &+ low(i.pointee.immediate))
    case .add32x: r[d] = UInt64(low(r[d]) &+ low(r[s]))
    case .sub32k: r[d] = UInt64(low(r[d]) &- low(i.pointee.immediate))
    case .sub32x: r[d] = UInt64(low(r[d]) &- low(r[s]))
    case .mul32k: r[d] = UInt64(low(r[d]) &* low(i.pointee.immediate))
    case .mul32x: r[d] = UInt64(low(r[d]) &* low(r[s]))
    case .or32k: r[d] = UInt64(low(r[d]) | low(i.pointee.immediate))
    case .or32x: r[d] = UInt64(low(r[d]) | low(r[s]))
    case .and32k: r[d] = UInt64(low(r[d]) & low(i.pointee.immediate))
    case .and32x: r[d] = UInt64(low(r[d]) & low(r[s]))
    case .xor32k: r[d] = UInt64(low(r[d]) ^ low(i.pointee.immediate))
    case .xor32x: r[d] = UInt64(low(r[d]) ^ low(r[s]))
    case .lsh32k: r[d] = UInt64(low(r[d]) &<< low(i.pointee.immediate))
    case .lsh32x: r[d] = UInt64(low(r[d]) &<< low(r[s]))
    case .rsh32k: r[d] = UInt64(low(r[d]) &>> low(i.pointee.immediate))
    case .rsh32x: r[d] = UInt64(low(r[d]) &>> low(r[s]))
    case .div32k: r[d] = UInt64(quotient(low(r[d]), low(i.pointee.immediate)))
    case .div32x: r[d] = UInt64(quotient(low(r[d]), low(r[s])))
    case .sdiv32k: r[d] = UInt64(signedQuotient(low(r[d]), low(i.pointee.immediate)))
    case .sdiv32x: r[d] = UInt64(signedQuotient(low(r[d]), low(r[s])))
    case .mod32k: r[d] = UInt64(remainder(low(r[d]), low(i.pointee.immediate)))
    case .mod32x: r[d] = UInt64(remainder(low(r[d]), low(r[s])))
    case .smod32k: r[d] = UInt64(signedRemainder(low(r[d]), low(i.pointee.immediate)))
    case .smod32x: r[d] = UInt64(signedRemainder(low(r[d]), low(r[s])))
    case .arsh32k: r[d] = UInt64(UInt32(bitPattern: signedLow(r[d]) &>> signedLow(i.pointee.immediate)))
    case .arsh32x: r[d] = UInt64(UInt32(bitPattern: signedLow(r[d]) &>> signedLow(r[s])))
    case .neg32: r[d] = UInt64(0 &- low(r[d]))
    case .mov32k: r[d] = UInt64(low(i.pointee.immediate))
    case .mov32x: r[d] = UInt64(low(r[s]))
    case .movsx32b: r[d] = UInt64(UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: r[s]))))
    case .movsx32h: r[d] = UInt64(UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: r[s]))))

    // Byte order.
    case .truncate16: r[d] &= 0xffff
    case .truncate32: r[d] &= 0xffff_ffff
    case .nothing: break
    case .swap16: r[d] = UInt64(UInt16(truncatingIfNeeded: r[d]).byteSwapped)
    case .swap32: r[d] = UInt64(low(r[d]).byteSwapped)
    case .swap64: r[d] = r[d].byteSwapped

    // Jumps.
    case .ja: pc = i + Int(i.pointee.offset)
    case .jeq64k: if r[d] == i.pointee.immediate { pc = i + Int(i.pointee.offset) }
    case .jeq64x: if r[d] == r[s] { pc = i + Int(i.pointee.offset) }
    case .jgt64k: if r[d] > i.pointee.immediate { pc = i + Int(i.pointee.offset) }
    case .jgt64x: if r[d] > r[s] { pc = i + Int(i.pointee.offset) }
    case .jge64k: if r[d] >= i.pointee.immediate { pc = i + Int(i.pointee.offset) }
    case .jge64x: if r[d] >= r[s] { pc = i + Int(i.pointee.offset) }
    case .jset64k: if r[d] & i.pointee.immediate != 0 { pc = i + Int(i.pointee.offset) }
    case .jset64x: if r[d] & r[s] != 0 { pc = i + Int(i.pointee.offset) }
    case .jne64k: if r[d] != i.pointee.immediate { pc = i + Int(i.pointee.offset) }
    case .jne64x: if r[d] != r[s] { pc = i + Int(i.pointee.offset) }
    case .jsgt64k: if Int64(bitPattern: r[d]) > Int64(bitPattern: i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jsgt64x: if Int64(bitPattern: r[d]) > Int64(bitPattern: r[s]) { pc = i + Int(i.pointee.offset) }
    case .jsge64k: if Int64(bitPattern: r[d]) >= Int64(bitPattern: i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jsge64x: if Int64(bitPattern: r[d]) >= Int64(bitPattern: r[s]) { pc = i + Int(i.pointee.offset) }
    case .jlt64k: if r[d] < i.pointee.immediate { pc = i + Int(i.pointee.offset) }
    case .jlt64x: if r[d] < r[s] { pc = i + Int(i.pointee.offset) }
    case .jle64k: if r[d] <= i.pointee.immediate { pc = i + Int(i.pointee.offset) }
    case .jle64x: if r[d] <= r[s] { pc = i + Int(i.pointee.offset) }
    case .jslt64k: if Int64(bitPattern: r[d]) < Int64(bitPattern: i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jslt64x: if Int64(bitPattern: r[d]) < Int64(bitPattern: r[s]) { pc = i + Int(i.pointee.offset) }
    case .jsle64k: if Int64(bitPattern: r[d]) <= Int64(bitPattern: i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jsle64x: if Int64(bitPattern: r[d]) <= Int64(bitPattern: r[s]) { pc = i + Int(i.pointee.offset) }
    case .jeq32k: if low(r[d]) == low(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jeq32x: if low(r[d]) == low(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jgt32k: if low(r[d]) > low(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jgt32x: if low(r[d]) > low(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jge32k: if low(r[d]) >= low(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jge32x: if low(r[d]) >= low(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jset32k: if low(r[d]) & low(i.pointee.immediate) != 0 { pc = i + Int(i.pointee.offset) }
    case .jset32x: if low(r[d]) & low(r[s]) != 0 { pc = i + Int(i.pointee.offset) }
    case .jne32k: if low(r[d]) != low(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jne32x: if low(r[d]) != low(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jsgt32k: if signedLow(r[d]) > signedLow(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jsgt32x: if signedLow(r[d]) > signedLow(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jsge32k: if signedLow(r[d]) >= signedLow(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jsge32x: if signedLow(r[d]) >= signedLow(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jlt32k: if low(r[d]) < low(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jlt32x: if low(r[d]) < low(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jle32k: if low(r[d]) <= low(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jle32x: if low(r[d]) <= low(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jslt32k: if signedLow(r[d]) < signedLow(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jslt32x: if signedLow(r[d]) < signedLow(r[s]) { pc = i + Int(i.pointee.offset) }
    case .jsle32k: if signedLow(r[d]) <= signedLow(i.pointee.immediate) { pc = i + Int(i.pointee.offset) }
    case .jsle32x: if signedLow(r[d]) <= signedLow(r[s]) { pc = i + Int(i.pointee.offset) }

    // Memory.
    case .loadB: r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
    case .loadH: r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt16.self))
    case .loadW: r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
    case .loadDW: r[d] = load(r[s], i.pointee.offset, as: UInt64.self)
    case .loadSignedB: r[d] = UInt64(bitPattern: Int64(load(r[s], i.pointee.offset, as: Int8.self)))
    case .loadSignedH: r[d] = UInt64(bitPattern: Int64(load(r[s], i.pointee.offset, as: Int16.self)))
    case .loadSignedW: r[d] = UInt64(bitPattern: Int64(load(r[s], i.pointee.offset, as: Int32.self)))
    case .storeBk: store(r[d], i.pointee.offset, UInt8(truncatingIfNeeded: i.pointee.immediate))
    case .storeHk: store(r[d], i.pointee.offset, UInt16(truncatingIfNeeded: i.pointee.immediate))
    case .storeWk: store(r[d], i.pointee.offset, UInt32(truncatingIfNeeded: i.pointee.immediate))
    case .storeDWk: store(r[d], i.pointee.offset, UInt64(truncatingIfNeeded: i.pointee.immediate))
    case .storeBx: store(r[d], i.pointee.offset, UInt8(truncatingIfNeeded: r[s]))
    case .storeHx: store(r[d], i.pointee.offset, UInt16(truncatingIfNeeded: r[s]))
    case .storeQueue: if r[s] < UInt64(Limits.noQueue) { store(r[d], i.pointee.offset, UInt16(truncatingIfNeeded: r[s])) }
    case .storeWx: store(r[d], i.pointee.offset, UInt32(truncatingIfNeeded: r[s]))
    case .storeDWx: store(r[d], i.pointee.offset, UInt64(truncatingIfNeeded: r[s]))

    // Atomics.
    case .atomicAdd32: _ = cebpf_atomic_add32(address(r[d], i.pointee.offset), low(r[s]))
    case .atomicAdd64: _ = cebpf_atomic_add64(address(r[d], i.pointee.offset), r[s])
    case .fetchAdd32: r[s] = UInt64(cebpf_atomic_add32(address(r[d], i.pointee.offset), low(r[s])))
    case .fetchAdd64: r[s] = cebpf_atomic_add64(address(r[d], i.pointee.offset), r[s])
    case .atomicOr32: _ = cebpf_atomic_or32(address(r[d], i.pointee.offset), low(r[s]))
    case .atomicOr64: _ = cebpf_atomic_or64(address(r[d], i.pointee.offset), r[s])
    case .fetchOr32: r[s] = UInt64(cebpf_atomic_or32(address(r[d], i.pointee.offset), low(r[s])))
    case .fetchOr64: r[s] = cebpf_atomic_or64(address(r[d], i.pointee.offset), r[s])
    case .atomicAnd32: _ = cebpf_atomic_and32(address(r[d], i.pointee.offset), low(r[s]))
    case .atomicAnd64: _ = cebpf_atomic_and64(address(r[d], i.pointee.offset), r[s])
    case .fetchAnd32: r[s] = UInt64(cebpf_atomic_and32(address(r[d], i.pointee.offset), low(r[s])))
    case .fetchAnd64: r[s] = cebpf_atomic_and64(address(r[d], i.pointee.offset), r[s])
    case .atomicXor32: _ = cebpf_atomic_xor32(address(r[d], i.pointee.offset), low(r[s]))
    case .atomicXor64: _ = cebpf_atomic_xor64(address(r[d], i.pointee.offset), r[s])
    case .fetchXor32: r[s] = UInt64(cebpf_atomic_xor32(address(r[d], i.pointee.offset), low(r[s])))
    case .fetchXor64: r[s] = cebpf_atomic_xor64(address(r[d], i.pointee.offset), r[s])
    case .exchange32: r[s] = UInt64(cebpf_atomic_exchange32(address(r[d], i.pointee.offset), low(r[s])))
    case .exchange64: r[s] = cebpf_atomic_exchange64(address(r[d], i.pointee.offset), r[s])
    case .compareExchange32: r[0] = UInt64(cebpf_atomic_compare_exchange32(address(r[d], i.pointee.offset), low(r[0]), low(r[s])))
    case .compareExchange64: r[0] = cebpf_atomic_compare_exchange64(address(r[d], i.pointee.offset), r[0], r[s])
    case .loadAcquireB: r[d] = UInt64(cebpf_load_acquire8(address(r[s], i.pointee.offset)))
    case .loadAcquireH: r[d] = UInt64(cebpf_load_acquire16(address(r[s], i.pointee.offset)))
    case .loadAcquireW: r[d] = UInt64(cebpf_load_acquire32(address(r[s], i.pointee.offset)))
    case .loadAcquireDW: r[d] = cebpf_load_acquire64(address(r[s], i.pointee.offset))
    case .storeReleaseB: cebpf_store_release8(address(r[d], i.pointee.offset), UInt8(truncatingIfNeeded: r[s]))
    case .storeReleaseH: cebpf_store_release16(address(r[d], i.pointee.offset), UInt16(truncatingIfNeeded: r[s]))
    case .storeReleaseW: cebpf_store_release32(address(r[d], i.pointee.offset), UInt32(truncatingIfNeeded: r[s]))
    case .storeReleaseDW: cebpf_store_release64(address(r[d], i.pointee.offset), r[s])

    // The rest.
    case .mayGoto:
      // One counter for each frame, as the kernel keeps it in the frame's stack.
      let frame = frame(r[10])
      if frame.pointee.mayGotoBudget == 0 { pc = i + Int(i.pointee.offset) } else { frame.pointee.mayGotoBudget &-= 1 }
    case .loadImmediate64:
      r[d] = i.pointee.immediate
      pc += 1
    case .packetLoad:
      guard let value = loadFromPacket(i.pointee, i.pointee.detail & Opcode.modeMask == Opcode.ind ? r[s] : 0, environment) else {
        // As in the kernel, a load from outside the packet ends the program (the function that runs) with 0.
        r[0] = 0
        guard let next = leaveFrame(r) else { return 0 }
        pc = next
        continue
      }
      r[0] = value
    case .callHelper:
      let helper = unsafeBitCast(UInt(i.pointee.immediate), to: ebpf_helper.self)
      r[0] = helper(r[1], r[2], r[3], r[4], r[5], environment)
    case .callRegister:
      guard let helper = helper(in: environment, numbered: r[d]) else { return stop(environment, .unknownHelper, i) }
      r[0] = helper(r[1], r[2], r[3], r[4], r[5], environment)
    case .callLocal:
      let state = runState(environment)
      guard r[10] &- UInt64(Frame.stride) >= state.pointee.stackLimit else { return stop(environment, .stackOverflow, i) }
      r[10] &-= UInt64(Frame.stride)
      frame(r[10]).initialize(
        to: Frame(returnTo: pc, r6: r[6], r7: r[7], r8: r[8], r9: r[9], mayGotoBudget: Frame.mayGotoBudget))
      pc = i + Int(i.pointee.offset)
    case .tailCall:
      if let target = tailCallTarget(environment, r[2], r[3]), let instructions = target.pointee.instructions {
        pc = instructions.assumingMemoryBound(to: DecodedInstruction.self)
      } else {
        r[0] = 0
      }
    case .exit:
      guard let next = leaveFrame(r) else { return r[0] }
      pc = next
    case .unreachable: return stop(environment, .unreachable, i)

    // Two in a row: see Fusion.
    case .mov64xAdd64k:
      r[d] = r[s] &+ pc.pointee.immediate
      pc += 1
    case .mov64xAdd64x:
      r[d] = r[s] &+ r[Int(pc.pointee.source)]
      pc += 1
    case .mov64xSub64x:
      r[d] = r[s] &- r[Int(pc.pointee.source)]
      pc += 1
    case .mov64xAnd64k:
      r[d] = r[s] & pc.pointee.immediate
      pc += 1
    case .mov64xOr64x:
      r[d] = r[s] | r[Int(pc.pointee.source)]
      pc += 1
    case .mov64xXor64x:
      r[d] = r[s] ^ r[Int(pc.pointee.source)]
      pc += 1
    case .mov64xLsh64k:
      r[d] = r[s] &<< pc.pointee.immediate
      pc += 1
    case .mov64xRsh64k:
      r[d] = r[s] &>> pc.pointee.immediate
      pc += 1
    case .mov32xAnd32k:
      r[d] = UInt64(low(r[s]) & low(pc.pointee.immediate))
      pc += 1
    case .mov32xRsh32k:
      r[d] = UInt64(low(r[s]) &>> low(pc.pointee.immediate))
      pc += 1
    case .mov32xLsh32k:
      r[d] = UInt64(low(r[s]) &<< low(pc.pointee.immediate))
      pc += 1
    case .mov32xXor32x:
      r[d] = UInt64(low(r[s]) ^ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .mov32xAdd32x:
      r[d] = UInt64(low(r[s]) &+ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .mov64xMov64x:
      r[d] = r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .mov64xMov64k:
      r[d] = r[s]
      r[Int(pc.pointee.destination)] = pc.pointee.immediate
      pc += 1
    case .mov64xJne64k:
      r[d] = r[s]
      pc += r[Int(pc.pointee.destination)] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .mov64kMov64k:
      r[d] = i.pointee.immediate
      r[Int(pc.pointee.destination)] = pc.pointee.immediate
      pc += 1
    case .mov64kMov64x:
      r[d] = i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .mov64kStoreWx:
      r[d] = i.pointee.immediate
      store(r[Int(pc.pointee.destination)], pc.pointee.offset, UInt32(truncatingIfNeeded: r[Int(pc.pointee.source)]))
      pc += 1
    case .mov64kJlt64k:
      r[d] = i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] < pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .mov64kExit:
      r[d] = i.pointee.immediate
      guard let next = leaveFrame(r) else { return r[0] }
      pc = next
    case .add64kMov64x:
      r[d] = r[d] &+ i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .add64kAdd64x:
      r[d] = r[d] &+ i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ r[Int(pc.pointee.source)]
      pc += 1
    case .add64kAdd64k:
      r[d] = r[d] &+ i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ pc.pointee.immediate
      pc += 1
    case .add64kJne64k:
      r[d] = r[d] &+ i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .add64kJne64x:
      r[d] = r[d] &+ i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] != r[Int(pc.pointee.source)] ? Int(pc.pointee.offset) : 1
    case .add64kJlt64k:
      r[d] = r[d] &+ i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] < pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .add64kJgt64x:
      r[d] = r[d] &+ i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] > r[Int(pc.pointee.source)] ? Int(pc.pointee.offset) : 1
    case .add64xMov64x:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .add64xAdd64k:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ pc.pointee.immediate
      pc += 1
    case .add64xXor64x:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] ^ r[Int(pc.pointee.source)]
      pc += 1
    case .add64xLoadB:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = UInt64(load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt8.self))
      pc += 1
    case .add64xLoadH:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = UInt64(load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt16.self))
      pc += 1
    case .add64xLoadW:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = UInt64(load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt32.self))
      pc += 1
    case .add64xLoadDW:
      r[d] = r[d] &+ r[s]
      r[Int(pc.pointee.destination)] = load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt64.self)
      pc += 1
    case .add64xStoreBx:
      r[d] = r[d] &+ r[s]
      store(r[Int(pc.pointee.destination)], pc.pointee.offset, UInt8(truncatingIfNeeded: r[Int(pc.pointee.source)]))
      pc += 1
    case .and64kJeq64k:
      r[d] = r[d] & i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] == pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .and64kJne64k:
      r[d] = r[d] & i.pointee.immediate
      pc += r[Int(pc.pointee.destination)] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .and32kJeq32k:
      r[d] = UInt64(low(r[d]) & low(i.pointee.immediate))
      pc += low(r[Int(pc.pointee.destination)]) == low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .and32kJne32k:
      r[d] = UInt64(low(r[d]) & low(i.pointee.immediate))
      pc += low(r[Int(pc.pointee.destination)]) != low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .or64xMov64x:
      r[d] = r[d] | r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .or64xAdd64x:
      r[d] = r[d] | r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ r[Int(pc.pointee.source)]
      pc += 1
    case .xor64xMov64x:
      r[d] = r[d] ^ r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .xor64xAdd64k:
      r[d] = r[d] ^ r[s]
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ pc.pointee.immediate
      pc += 1
    case .lsh64kRsh64k:
      r[d] = r[d] &<< i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &>> pc.pointee.immediate
      pc += 1
    case .lsh64kOr64x:
      r[d] = r[d] &<< i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] | r[Int(pc.pointee.source)]
      pc += 1
    case .rsh64kMov64x:
      r[d] = r[d] &>> i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .rsh64kAdd64x:
      r[d] = r[d] &>> i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ r[Int(pc.pointee.source)]
      pc += 1
    case .rsh64kLsh64k:
      r[d] = r[d] &>> i.pointee.immediate
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &<< pc.pointee.immediate
      pc += 1
    case .lsh32kOr32x:
      r[d] = UInt64(low(r[d]) &<< low(i.pointee.immediate))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) | low(r[Int(pc.pointee.source)]))
      pc += 1
    case .rsh32kMov32x:
      r[d] = UInt64(low(r[d]) &>> low(i.pointee.immediate))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.source)]))
      pc += 1
    case .or32xAdd32x:
      r[d] = UInt64(low(r[d]) | low(r[s]))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) &+ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .add32xAdd32x:
      r[d] = UInt64(low(r[d]) &+ low(r[s]))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) &+ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .add32xSub32x:
      r[d] = UInt64(low(r[d]) &+ low(r[s]))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) &- low(r[Int(pc.pointee.source)]))
      pc += 1
    case .add32xAdd64k:
      r[d] = UInt64(low(r[d]) &+ low(r[s]))
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ pc.pointee.immediate
      pc += 1
    case .sub32xXor32x:
      r[d] = UInt64(low(r[d]) &- low(r[s]))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) ^ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .xor32xMov32x:
      r[d] = UInt64(low(r[d]) ^ low(r[s]))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.source)]))
      pc += 1
    case .xor32xAdd32x:
      r[d] = UInt64(low(r[d]) ^ low(r[s]))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) &+ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .loadBLoadB:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      r[Int(pc.pointee.destination)] = UInt64(load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt8.self))
      pc += 1
    case .loadBMov64x:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .loadBStoreBx:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      store(r[Int(pc.pointee.destination)], pc.pointee.offset, UInt8(truncatingIfNeeded: r[Int(pc.pointee.source)]))
      pc += 1
    case .loadBJeq32k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      pc += low(r[Int(pc.pointee.destination)]) == low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .loadBJne32k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      pc += low(r[Int(pc.pointee.destination)]) != low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .loadBJeq64k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      pc += r[Int(pc.pointee.destination)] == pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .loadBJne64k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt8.self))
      pc += r[Int(pc.pointee.destination)] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .loadHJne32k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt16.self))
      pc += low(r[Int(pc.pointee.destination)]) != low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .loadHJne64k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt16.self))
      pc += r[Int(pc.pointee.destination)] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .loadWLoadW:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      r[Int(pc.pointee.destination)] = UInt64(load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt32.self))
      pc += 1
    case .loadWMov64x:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .loadWStoreWx:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      store(r[Int(pc.pointee.destination)], pc.pointee.offset, UInt32(truncatingIfNeeded: r[Int(pc.pointee.source)]))
      pc += 1
    case .loadWAdd32x:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      r[Int(pc.pointee.destination)] = UInt64(low(r[Int(pc.pointee.destination)]) &+ low(r[Int(pc.pointee.source)]))
      pc += 1
    case .loadWJeq64k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      pc += r[Int(pc.pointee.destination)] == pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .loadWJne64k:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      pc += r[Int(pc.pointee.destination)] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .loadWExit:
      r[d] = UInt64(load(r[s], i.pointee.offset, as: UInt32.self))
      guard let next = leaveFrame(r) else { return r[0] }
      pc = next
    case .loadDWLoadDW:
      r[d] = load(r[s], i.pointee.offset, as: UInt64.self)
      r[Int(pc.pointee.destination)] = load(r[Int(pc.pointee.source)], pc.pointee.offset, as: UInt64.self)
      pc += 1
    case .loadDWStoreDWx:
      r[d] = load(r[s], i.pointee.offset, as: UInt64.self)
      store(r[Int(pc.pointee.destination)], pc.pointee.offset, UInt64(truncatingIfNeeded: r[Int(pc.pointee.source)]))
      pc += 1
    case .loadDWMov64x:
      r[d] = load(r[s], i.pointee.offset, as: UInt64.self)
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .loadDWAdd64k:
      r[d] = load(r[s], i.pointee.offset, as: UInt64.self)
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ pc.pointee.immediate
      pc += 1
    case .storeBxAdd64k:
      store(r[d], i.pointee.offset, UInt8(truncatingIfNeeded: r[s]))
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.destination)] &+ pc.pointee.immediate
      pc += 1
    case .storeWxMov64x:
      store(r[d], i.pointee.offset, UInt32(truncatingIfNeeded: r[s]))
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    case .storeWxMov64k:
      store(r[d], i.pointee.offset, UInt32(truncatingIfNeeded: r[s]))
      r[Int(pc.pointee.destination)] = pc.pointee.immediate
      pc += 1
    case .storeDWxStoreDWx:
      store(r[d], i.pointee.offset, UInt64(truncatingIfNeeded: r[s]))
      store(r[Int(pc.pointee.destination)], pc.pointee.offset, UInt64(truncatingIfNeeded: r[Int(pc.pointee.source)]))
      pc += 1
    case .storeDWxMov64x:
      store(r[d], i.pointee.offset, UInt64(truncatingIfNeeded: r[s]))
      r[Int(pc.pointee.destination)] = r[Int(pc.pointee.source)]
      pc += 1
    }
  }
}

/// The value of type `T` at an address, of any alignment.
@inline(__always)
private func load<T: BitwiseCopyable>(_ base: UInt64, _ offset: Int32, as type: T.Type) -> T {
  UnsafeRawPointer(bitPattern: UInt(address(base, offset))).unsafelyUnwrapped.loadUnaligned(as: type)
}

/// Stores a value at an address, of any alignment.
@inline(__always)
private func store<T: BitwiseCopyable>(_ base: UInt64, _ offset: Int32, _ value: T) {
  UnsafeMutableRawPointer(bitPattern: UInt(address(base, offset))).unsafelyUnwrapped.storeBytes(of: value, as: T.self)
}

@inline(__always)
private func address(_ base: UInt64, _ offset: Int32) -> UInt64 { base &+ UInt64(bitPattern: Int64(offset)) }
