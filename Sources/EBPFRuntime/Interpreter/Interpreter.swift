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
    let d = Int(pc.pointee.destination)
    let s = Int(pc.pointee.source)
    switch pc.pointee.operation {
    // 64-bit arithmetic.
    case .add64k:
      r[d] = r[d] &+ pc.pointee.immediate
      pc += 1
    case .add64x:
      r[d] = r[d] &+ r[s]
      pc += 1
    case .sub64k:
      r[d] = r[d] &- pc.pointee.immediate
      pc += 1
    case .sub64x:
      r[d] = r[d] &- r[s]
      pc += 1
    case .mul64k:
      r[d] = r[d] &* pc.pointee.immediate
      pc += 1
    case .mul64x:
      r[d] = r[d] &* r[s]
      pc += 1
    case .or64k:
      r[d] = r[d] | pc.pointee.immediate
      pc += 1
    case .or64x:
      r[d] = r[d] | r[s]
      pc += 1
    case .and64k:
      r[d] = r[d] & pc.pointee.immediate
      pc += 1
    case .and64x:
      r[d] = r[d] & r[s]
      pc += 1
    case .xor64k:
      r[d] = r[d] ^ pc.pointee.immediate
      pc += 1
    case .xor64x:
      r[d] = r[d] ^ r[s]
      pc += 1
    case .lsh64k:
      r[d] = r[d] &<< pc.pointee.immediate
      pc += 1
    case .lsh64x:
      r[d] = r[d] &<< r[s]
      pc += 1
    case .rsh64k:
      r[d] = r[d] &>> pc.pointee.immediate
      pc += 1
    case .rsh64x:
      r[d] = r[d] &>> r[s]
      pc += 1
    case .div64k:
      r[d] = quotient(r[d], pc.pointee.immediate)
      pc += 1
    case .div64x:
      r[d] = quotient(r[d], r[s])
      pc += 1
    case .sdiv64k:
      r[d] = signedQuotient(r[d], pc.pointee.immediate)
      pc += 1
    case .sdiv64x:
      r[d] = signedQuotient(r[d], r[s])
      pc += 1
    case .mod64k:
      r[d] = remainder(r[d], pc.pointee.immediate)
      pc += 1
    case .mod64x:
      r[d] = remainder(r[d], r[s])
      pc += 1
    case .smod64k:
      r[d] = signedRemainder(r[d], pc.pointee.immediate)
      pc += 1
    case .smod64x:
      r[d] = signedRemainder(r[d], r[s])
      pc += 1
    case .arsh64k:
      r[d] = UInt64(bitPattern: Int64(bitPattern: r[d]) &>> Int64(bitPattern: pc.pointee.immediate))
      pc += 1
    case .arsh64x:
      r[d] = UInt64(bitPattern: Int64(bitPattern: r[d]) &>> Int64(bitPattern: r[s]))
      pc += 1
    case .neg64:
      r[d] = 0 &- r[d]
      pc += 1
    case .mov64k:
      r[d] = pc.pointee.immediate
      pc += 1
    case .mov64x:
      r[d] = r[s]
      pc += 1
    case .movsx64b:
      r[d] = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: r[s])))
      pc += 1
    case .movsx64h:
      r[d] = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: r[s])))
      pc += 1
    case .movsx64w:
      r[d] = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: r[s])))
      pc += 1

    // 32-bit arithmetic.
    case .add32k:
      r[d] = UInt64(low(r[d]) &+ low(pc.pointee.immediate))
      pc += 1
    case .add32x:
      r[d] = UInt64(low(r[d]) &+ low(r[s]))
      pc += 1
    case .sub32k:
      r[d] = UInt64(low(r[d]) &- low(pc.pointee.immediate))
      pc += 1
    case .sub32x:
      r[d] = UInt64(low(r[d]) &- low(r[s]))
      pc += 1
    case .mul32k:
      r[d] = UInt64(low(r[d]) &* low(pc.pointee.immediate))
      pc += 1
    case .mul32x:
      r[d] = UInt64(low(r[d]) &* low(r[s]))
      pc += 1
    case .or32k:
      r[d] = UInt64(low(r[d]) | low(pc.pointee.immediate))
      pc += 1
    case .or32x:
      r[d] = UInt64(low(r[d]) | low(r[s]))
      pc += 1
    case .and32k:
      r[d] = UInt64(low(r[d]) & low(pc.pointee.immediate))
      pc += 1
    case .and32x:
      r[d] = UInt64(low(r[d]) & low(r[s]))
      pc += 1
    case .xor32k:
      r[d] = UInt64(low(r[d]) ^ low(pc.pointee.immediate))
      pc += 1
    case .xor32x:
      r[d] = UInt64(low(r[d]) ^ low(r[s]))
      pc += 1
    case .lsh32k:
      r[d] = UInt64(low(r[d]) &<< low(pc.pointee.immediate))
      pc += 1
    case .lsh32x:
      r[d] = UInt64(low(r[d]) &<< low(r[s]))
      pc += 1
    case .rsh32k:
      r[d] = UInt64(low(r[d]) &>> low(pc.pointee.immediate))
      pc += 1
    case .rsh32x:
      r[d] = UInt64(low(r[d]) &>> low(r[s]))
      pc += 1
    case .div32k:
      r[d] = UInt64(quotient(low(r[d]), low(pc.pointee.immediate)))
      pc += 1
    case .div32x:
      r[d] = UInt64(quotient(low(r[d]), low(r[s])))
      pc += 1
    case .sdiv32k:
      r[d] = UInt64(signedQuotient(low(r[d]), low(pc.pointee.immediate)))
      pc += 1
    case .sdiv32x:
      r[d] = UInt64(signedQuotient(low(r[d]), low(r[s])))
      pc += 1
    case .mod32k:
      r[d] = UInt64(remainder(low(r[d]), low(pc.pointee.immediate)))
      pc += 1
    case .mod32x:
      r[d] = UInt64(remainder(low(r[d]), low(r[s])))
      pc += 1
    case .smod32k:
      r[d] = UInt64(signedRemainder(low(r[d]), low(pc.pointee.immediate)))
      pc += 1
    case .smod32x:
      r[d] = UInt64(signedRemainder(low(r[d]), low(r[s])))
      pc += 1
    case .arsh32k:
      r[d] = UInt64(UInt32(bitPattern: signedLow(r[d]) &>> signedLow(pc.pointee.immediate)))
      pc += 1
    case .arsh32x:
      r[d] = UInt64(UInt32(bitPattern: signedLow(r[d]) &>> signedLow(r[s])))
      pc += 1
    case .neg32:
      r[d] = UInt64(0 &- low(r[d]))
      pc += 1
    case .mov32k:
      r[d] = UInt64(low(pc.pointee.immediate))
      pc += 1
    case .mov32x:
      r[d] = UInt64(low(r[s]))
      pc += 1
    case .movsx32b:
      r[d] = UInt64(UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: r[s]))))
      pc += 1
    case .movsx32h:
      r[d] = UInt64(UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: r[s]))))
      pc += 1

    // Byte order.
    case .truncate16:
      r[d] &= 0xffff
      pc += 1
    case .truncate32:
      r[d] &= 0xffff_ffff
      pc += 1
    case .nothing:
      pc += 1
    case .swap16:
      r[d] = UInt64(UInt16(truncatingIfNeeded: r[d]).byteSwapped)
      pc += 1
    case .swap32:
      r[d] = UInt64(low(r[d]).byteSwapped)
      pc += 1
    case .swap64:
      r[d] = r[d].byteSwapped
      pc += 1

    // Jumps.
    case .ja:
      pc += Int(pc.pointee.offset)
    case .jeq64k:
      pc += r[d] == pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .jeq64x:
      pc += r[d] == r[s] ? Int(pc.pointee.offset) : 1
    case .jgt64k:
      pc += r[d] > pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .jgt64x:
      pc += r[d] > r[s] ? Int(pc.pointee.offset) : 1
    case .jge64k:
      pc += r[d] >= pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .jge64x:
      pc += r[d] >= r[s] ? Int(pc.pointee.offset) : 1
    case .jset64k:
      pc += r[d] & pc.pointee.immediate != 0 ? Int(pc.pointee.offset) : 1
    case .jset64x:
      pc += r[d] & r[s] != 0 ? Int(pc.pointee.offset) : 1
    case .jne64k:
      pc += r[d] != pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .jne64x:
      pc += r[d] != r[s] ? Int(pc.pointee.offset) : 1
    case .jsgt64k:
      pc += Int64(bitPattern: r[d]) > Int64(bitPattern: pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jsgt64x:
      pc += Int64(bitPattern: r[d]) > Int64(bitPattern: r[s]) ? Int(pc.pointee.offset) : 1
    case .jsge64k:
      pc += Int64(bitPattern: r[d]) >= Int64(bitPattern: pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jsge64x:
      pc += Int64(bitPattern: r[d]) >= Int64(bitPattern: r[s]) ? Int(pc.pointee.offset) : 1
    case .jlt64k:
      pc += r[d] < pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .jlt64x:
      pc += r[d] < r[s] ? Int(pc.pointee.offset) : 1
    case .jle64k:
      pc += r[d] <= pc.pointee.immediate ? Int(pc.pointee.offset) : 1
    case .jle64x:
      pc += r[d] <= r[s] ? Int(pc.pointee.offset) : 1
    case .jslt64k:
      pc += Int64(bitPattern: r[d]) < Int64(bitPattern: pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jslt64x:
      pc += Int64(bitPattern: r[d]) < Int64(bitPattern: r[s]) ? Int(pc.pointee.offset) : 1
    case .jsle64k:
      pc += Int64(bitPattern: r[d]) <= Int64(bitPattern: pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jsle64x:
      pc += Int64(bitPattern: r[d]) <= Int64(bitPattern: r[s]) ? Int(pc.pointee.offset) : 1
    case .jeq32k:
      pc += low(r[d]) == low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jeq32x:
      pc += low(r[d]) == low(r[s]) ? Int(pc.pointee.offset) : 1
    case .jgt32k:
      pc += low(r[d]) > low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jgt32x:
      pc += low(r[d]) > low(r[s]) ? Int(pc.pointee.offset) : 1
    case .jge32k:
      pc += low(r[d]) >= low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jge32x:
      pc += low(r[d]) >= low(r[s]) ? Int(pc.pointee.offset) : 1
    case .jset32k:
      pc += low(r[d]) & low(pc.pointee.immediate) != 0 ? Int(pc.pointee.offset) : 1
    case .jset32x:
      pc += low(r[d]) & low(r[s]) != 0 ? Int(pc.pointee.offset) : 1
    case .jne32k:
      pc += low(r[d]) != low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jne32x:
      pc += low(r[d]) != low(r[s]) ? Int(pc.pointee.offset) : 1
    case .jsgt32k:
      pc += signedLow(r[d]) > signedLow(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jsgt32x:
      pc += signedLow(r[d]) > signedLow(r[s]) ? Int(pc.pointee.offset) : 1
    case .jsge32k:
      pc += signedLow(r[d]) >= signedLow(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jsge32x:
      pc += signedLow(r[d]) >= signedLow(r[s]) ? Int(pc.pointee.offset) : 1
    case .jlt32k:
      pc += low(r[d]) < low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jlt32x:
      pc += low(r[d]) < low(r[s]) ? Int(pc.pointee.offset) : 1
    case .jle32k:
      pc += low(r[d]) <= low(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jle32x:
      pc += low(r[d]) <= low(r[s]) ? Int(pc.pointee.offset) : 1
    case .jslt32k:
      pc += signedLow(r[d]) < signedLow(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jslt32x:
      pc += signedLow(r[d]) < signedLow(r[s]) ? Int(pc.pointee.offset) : 1
    case .jsle32k:
      pc += signedLow(r[d]) <= signedLow(pc.pointee.immediate) ? Int(pc.pointee.offset) : 1
    case .jsle32x:
      pc += signedLow(r[d]) <= signedLow(r[s]) ? Int(pc.pointee.offset) : 1

    // Memory.
    case .loadB:
      r[d] = UInt64(load(r[s], pc.pointee.offset, as: UInt8.self))
      pc += 1
    case .loadH:
      r[d] = UInt64(load(r[s], pc.pointee.offset, as: UInt16.self))
      pc += 1
    case .loadW:
      r[d] = UInt64(load(r[s], pc.pointee.offset, as: UInt32.self))
      pc += 1
    case .loadDW:
      r[d] = load(r[s], pc.pointee.offset, as: UInt64.self)
      pc += 1
    case .loadSignedB:
      r[d] = UInt64(bitPattern: Int64(load(r[s], pc.pointee.offset, as: Int8.self)))
      pc += 1
    case .loadSignedH:
      r[d] = UInt64(bitPattern: Int64(load(r[s], pc.pointee.offset, as: Int16.self)))
      pc += 1
    case .loadSignedW:
      r[d] = UInt64(bitPattern: Int64(load(r[s], pc.pointee.offset, as: Int32.self)))
      pc += 1
    case .storeBk:
      store(r[d], pc.pointee.offset, UInt8(truncatingIfNeeded: pc.pointee.immediate))
      pc += 1
    case .storeHk:
      store(r[d], pc.pointee.offset, UInt16(truncatingIfNeeded: pc.pointee.immediate))
      pc += 1
    case .storeWk:
      store(r[d], pc.pointee.offset, UInt32(truncatingIfNeeded: pc.pointee.immediate))
      pc += 1
    case .storeDWk:
      store(r[d], pc.pointee.offset, UInt64(truncatingIfNeeded: pc.pointee.immediate))
      pc += 1
    case .storeBx:
      store(r[d], pc.pointee.offset, UInt8(truncatingIfNeeded: r[s]))
      pc += 1
    case .storeHx:
      store(r[d], pc.pointee.offset, UInt16(truncatingIfNeeded: r[s]))
      pc += 1
    case .storeWx:
      store(r[d], pc.pointee.offset, UInt32(truncatingIfNeeded: r[s]))
      pc += 1
    case .storeDWx:
      store(r[d], pc.pointee.offset, UInt64(truncatingIfNeeded: r[s]))
      pc += 1

    // Atomics.
    case .atomicAdd32:
      _ = cebpf_atomic_add32(address(r[d], pc.pointee.offset), low(r[s]))
      pc += 1
    case .atomicAdd64:
      _ = cebpf_atomic_add64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .fetchAdd32:
      r[s] = UInt64(cebpf_atomic_add32(address(r[d], pc.pointee.offset), low(r[s])))
      pc += 1
    case .fetchAdd64:
      r[s] = cebpf_atomic_add64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .atomicOr32:
      _ = cebpf_atomic_or32(address(r[d], pc.pointee.offset), low(r[s]))
      pc += 1
    case .atomicOr64:
      _ = cebpf_atomic_or64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .fetchOr32:
      r[s] = UInt64(cebpf_atomic_or32(address(r[d], pc.pointee.offset), low(r[s])))
      pc += 1
    case .fetchOr64:
      r[s] = cebpf_atomic_or64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .atomicAnd32:
      _ = cebpf_atomic_and32(address(r[d], pc.pointee.offset), low(r[s]))
      pc += 1
    case .atomicAnd64:
      _ = cebpf_atomic_and64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .fetchAnd32:
      r[s] = UInt64(cebpf_atomic_and32(address(r[d], pc.pointee.offset), low(r[s])))
      pc += 1
    case .fetchAnd64:
      r[s] = cebpf_atomic_and64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .atomicXor32:
      _ = cebpf_atomic_xor32(address(r[d], pc.pointee.offset), low(r[s]))
      pc += 1
    case .atomicXor64:
      _ = cebpf_atomic_xor64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .fetchXor32:
      r[s] = UInt64(cebpf_atomic_xor32(address(r[d], pc.pointee.offset), low(r[s])))
      pc += 1
    case .fetchXor64:
      r[s] = cebpf_atomic_xor64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .exchange32:
      r[s] = UInt64(cebpf_atomic_exchange32(address(r[d], pc.pointee.offset), low(r[s])))
      pc += 1
    case .exchange64:
      r[s] = cebpf_atomic_exchange64(address(r[d], pc.pointee.offset), r[s])
      pc += 1
    case .compareExchange32:
      r[0] = UInt64(cebpf_atomic_compare_exchange32(address(r[d], pc.pointee.offset), low(r[0]), low(r[s])))
      pc += 1
    case .compareExchange64:
      r[0] = cebpf_atomic_compare_exchange64(address(r[d], pc.pointee.offset), r[0], r[s])
      pc += 1
    case .loadAcquireB:
      r[d] = UInt64(cebpf_load_acquire8(address(r[s], pc.pointee.offset)))
      pc += 1
    case .loadAcquireH:
      r[d] = UInt64(cebpf_load_acquire16(address(r[s], pc.pointee.offset)))
      pc += 1
    case .loadAcquireW:
      r[d] = UInt64(cebpf_load_acquire32(address(r[s], pc.pointee.offset)))
      pc += 1
    case .loadAcquireDW:
      r[d] = cebpf_load_acquire64(address(r[s], pc.pointee.offset))
      pc += 1
    case .storeReleaseB:
      cebpf_store_release8(address(r[d], pc.pointee.offset), UInt8(truncatingIfNeeded: r[s]))
      pc += 1
    case .storeReleaseH:
      cebpf_store_release16(address(r[d], pc.pointee.offset), UInt16(truncatingIfNeeded: r[s]))
      pc += 1
    case .storeReleaseW:
      cebpf_store_release32(address(r[d], pc.pointee.offset), UInt32(truncatingIfNeeded: r[s]))
      pc += 1
    case .storeReleaseDW:
      cebpf_store_release64(address(r[d], pc.pointee.offset), r[s])
      pc += 1

    // The rest.
    case .mayGoto:
      // One counter for each frame, as the kernel keeps it in the frame's stack.
      let frame = frame(r[10])
      if frame.pointee.mayGotoBudget == 0 {
        pc += Int(pc.pointee.offset)
      } else {
        frame.pointee.mayGotoBudget &-= 1
        pc += 1
      }
    case .loadImmediate64:
      r[d] = pc.pointee.immediate
      pc += 2
    case .packetLoad:
      guard let value = loadFromPacket(pc.pointee, pc.pointee.detail & Opcode.modeMask == Opcode.ind ? r[s] : 0, environment) else {
        // As in the kernel, a load from outside the packet ends the program (the function that runs) with 0.
        r[0] = 0
        guard let next = leaveFrame(r) else { return 0 }
        pc = next
        continue
      }
      r[0] = value
      pc += 1
    case .callHelper:
      let helper = unsafeBitCast(UInt(pc.pointee.immediate), to: ebpf_helper.self)
      r[0] = helper(r[1], r[2], r[3], r[4], r[5], environment)
      pc += 1
    case .callRegister:
      guard let helper = helper(in: environment, numbered: r[d]) else { return stop(environment, .unknownHelper, pc) }
      r[0] = helper(r[1], r[2], r[3], r[4], r[5], environment)
      pc += 1
    case .callLocal:
      let state = runState(environment)
      guard r[10] &- UInt64(Frame.stride) >= state.pointee.stackLimit else { return stop(environment, .stackOverflow, pc) }
      r[10] &-= UInt64(Frame.stride)
      frame(r[10]).initialize(
        to: Frame(returnTo: pc + 1, r6: r[6], r7: r[7], r8: r[8], r9: r[9], mayGotoBudget: Frame.mayGotoBudget))
      pc += Int(pc.pointee.offset)
    case .tailCall:
      if let target = tailCallTarget(environment, r[2], r[3]), let instructions = target.pointee.instructions {
        pc = instructions.assumingMemoryBound(to: DecodedInstruction.self)
      } else {
        r[0] = 0
        pc += 1
      }
    case .exit:
      guard let next = leaveFrame(r) else { return r[0] }
      pc = next
    case .unreachable:
      return stop(environment, .unreachable, pc)
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
