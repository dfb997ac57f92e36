import CEBPF
import EBPFHost
import EBPFISA
import EBPFTables

/// The interpreter that looks before every access: which region of those that live at that moment the bytes lie in.
///
/// It reads the program's slots and shares no code with the fast one, which is tested against it; the verifier is tested here too: what it
/// accepts must never fault. Addresses are real, so results are the fast engines' own.
final class CheckedInterpreter {
  /// The program that runs; a tail call changes it.
  private(set) var program: CheckedProgram
  let environment: UnsafeMutablePointer<ebpf_environment>
  /// The context and the other memory of this run, given by the hook.
  var regions: [MemoryRegion] = []
  /// What helpers handed out during the run: map values, records.
  var borrowed = RegionSet()
  /// Headers of inner maps that lookups returned.
  var innerMaps: Set<UInt64> = []
  /// The first fault of the run.
  private(set) var fault: Fault?

  private var r: [UInt64] = Array(repeating: 0, count: 11)
  private var frames: [CheckedFrame] = []
  /// The prototypes of the helpers that this run's programs called, by number.
  var prototypes: [UInt32: HelperPrototype] = [:]
  private var remaining = 0
  private let stack: UnsafeMutableRawPointer

  /// Bytes between two frames' stacks, which belong to nobody.
  private static let gap = 64

  /// Where to add what this run counts, if anyone wants to know.
  private let coverage: ExecutionCounts?
  /// How often each instruction of one program ran, and which program that is: tail calls lead to others.
  private var counts: [UInt64] = []
  private var counted: CheckedProgram?

  init(program: CheckedProgram, environment: UnsafeMutablePointer<ebpf_environment>, coverage: ExecutionCounts? = nil) {
    self.program = program
    self.coverage = coverage
    self.first = program
    self.environment = environment
    let byteCount = ExecutionStack.frames * (Limits.stackSize + Self.gap)
    stack = .allocate(byteCount: byteCount, alignment: 16)
    stack.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  deinit { stack.deallocate() }

  private let first: CheckedProgram

  /// A function's frame.
  private struct CheckedFrame {
    var returnTo: Int
    var returnProgram: CheckedProgram?
    var saved: (UInt64, UInt64, UInt64, UInt64)
    var mayGotoBudget: UInt32
    var region: MemoryRegion
  }

  // MARK: Running

  /// Runs the program from its first slot; where it faults, ``fault`` says why and the result is 0.
  func run(_ r1: UInt64, _ r2: UInt64) -> UInt64 {
    program = first
    fault = nil
    frames.removeAll(keepingCapacity: true)
    borrowed.removeAll()
    innerMaps.removeAll(keepingCapacity: true)
    remaining = program.budget
    for index in 0..<11 { r[index] = 0 }
    r[1] = r1
    r[2] = r2
    defer { handInCounts() }
    do throws(Fault) {
      try enterFrame(returnTo: -1, slot: 0)
      return try execute(from: 0)
    } catch {
      record(error)
      return 0
    }
  }

  /// Runs a function of the program for a helper, in a frame below the caller's.
  func call(_ function: UInt64, _ r1: UInt64, _ r2: UInt64, _ r3: UInt64, _ r4: UInt64, _ r5: UInt64) -> UInt64 {
    guard fault == nil else { return 0 }
    let saved = r
    let depth = frames.count
    let running = program
    defer {
      r = saved
      frames.removeLast(frames.count - depth)
      program = running
    }
    do throws(Fault) {
      guard let value = FunctionValue(bits: function), program.instructions.indices.contains(value.slot) else {
        throw Fault(program: program.name, slot: currentSlot, message: "the callback \(hex(function)) is no function of the program")
      }
      try enterFrame(returnTo: -1, slot: value.slot)
      r[1] = r1
      r[2] = r2
      r[3] = r3
      r[4] = r4
      r[5] = r5
      return try execute(from: value.slot)
    } catch {
      record(error)
      return 0
    }
  }

  /// Counts an instruction of the program that runs.
  private func count(_ slot: Int) {
    if counted !== program {
      handInCounts()
      counted = program
      counts = Array(repeating: 0, count: program.instructions.count)
    }
    counts[slot] += 1
  }

  private func handInCounts() {
    if let coverage, let counted { coverage.add(counts, of: counted.name) }
    counted = nil
  }

  private func record(_ error: Fault) {
    if fault == nil { fault = error }
    runState(environment).pointee.stopped = .fault
  }

  private var currentSlot = 0

  private func enterFrame(returnTo: Int, slot: Int) throws(Fault) {
    guard frames.count < ExecutionStack.frames else {
      throw Fault(program: program.name, slot: slot, message: "calls nest deeper than \(frames.count) frames")
    }
    // Frames grow downwards, as the machine's stack does.
    let top = ExecutionStack.frames * (Limits.stackSize + Self.gap) - Self.gap
    let end = stack + (top - frames.count * (Limits.stackSize + Self.gap))
    let address = UInt64(UInt(bitPattern: end))
    frames.append(
      CheckedFrame(
        returnTo: returnTo, returnProgram: program, saved: (r[6], r[7], r[8], r[9]), mayGotoBudget: Frame.mayGotoBudget,
        region: MemoryRegion(
          start: address - UInt64(Limits.stackSize), size: UInt64(Limits.stackSize), kind: .stack(frame: frames.count))))
    r[10] = address
  }

  /// Leaves a frame: the slot where the caller goes on, `nil` where a helper or the host called.
  private func leaveFrame() -> Int? {
    guard let frame = frames.popLast(), frame.returnTo >= 0 else { return nil }
    (r[6], r[7], r[8], r[9]) = frame.saved
    if let program = frame.returnProgram { self.program = program }
    if let caller = frames.last { r[10] = caller.region.start + caller.region.size }
    return frame.returnTo
  }

  private func execute(from start: Int) throws(Fault) -> UInt64 {
    var slot = start
    while true {
      currentSlot = slot
      guard program.instructions.indices.contains(slot) else { throw fault(slot, "runs off the end of the program") }
      guard remaining > 0 else {
        throw fault(slot, "the budget of \(program.budget) instructions is used up: the program does not end, or the budget is too small")
      }
      remaining -= 1
      if coverage != nil { count(slot) }
      let instruction = program.instructions[slot]
      switch instruction.instructionClass {
      case Opcode.alu64, Opcode.alu32:
        arithmetic(instruction)
        slot += 1
      case Opcode.ldx:
        let address = r[Int(instruction.source)] &+ UInt64(bitPattern: Int64(instruction.offset))
        let size = Opcode.accessSize(instruction.opcode)
        try check(address, size, writes: false, slot, instruction.source, instruction.offset)
        let value = read(address, size)
        r[Int(instruction.destination)] =
          instruction.opcode & Opcode.modeMask == Opcode.memsx ? signExtend(value, UInt64(size * 8)) : value
        slot += 1
      case Opcode.st:
        let address = r[Int(instruction.destination)] &+ UInt64(bitPattern: Int64(instruction.offset))
        let size = Opcode.accessSize(instruction.opcode)
        try check(address, size, writes: true, slot, instruction.destination, instruction.offset)
        let value = UInt64(bitPattern: Int64(instruction.immediate))
        if !writeHalfWord(address, value, isNone: instruction.immediate >= Limits.noQueue, slot) { write(address, size, value) }
        slot += 1
      case Opcode.stx:
        try storeOrAtomic(instruction, slot)
        slot += 1
      case Opcode.ld:
        if instruction.isWide {
          r[Int(instruction.destination)] = program.constants[slot]
          slot += 2
        } else if let value = packetLoad(instruction) {
          r[0] = value
          slot += 1
        } else {
          r[0] = 0
          guard let next = leaveFrame() else { return 0 }
          slot = next
        }
      default:
        switch try jump(instruction, slot) {
        case .to(let target): slot = target
        case .result(let value): return value
        }
      }
    }
  }

  private func packetLoad(_ instruction: Instruction) -> UInt64? {
    guard let hook = PacketState.of(environment) else { return nil }
    let index = instruction.opcode & Opcode.modeMask == Opcode.ind ? Int32(truncatingIfNeeded: r[Int(instruction.source)]) : 0
    return hook.pointee.loadBigEndian(at: instruction.immediate &+ index, size: Opcode.accessSize(instruction.opcode))
  }

  // MARK: Jumps and calls

  private enum Next {
    case to(Int)
    case result(UInt64)
  }

  private func jump(_ instruction: Instruction, _ slot: Int) throws(Fault) -> Next {
    switch instruction.opcode {
    case Opcode.gotoNear: return .to(slot + 1 + Int(instruction.offset))
    case Opcode.gotoLong: return .to(slot + 1 + Int(instruction.immediate))
    case Opcode.mayGoto:
      let frame = frames.count - 1
      if frames[frame].mayGotoBudget == 0 { return .to(slot + 1 + Int(instruction.offset)) }
      frames[frame].mayGotoBudget -= 1
      return .to(slot + 1)
    case Opcode.exitProgram:
      if let next = leaveFrame() { return .to(next) }
      return .result(r[0])
    case Opcode.callRegister:
      let register = instruction.immediate != 0 ? UInt8(truncatingIfNeeded: instruction.immediate) : instruction.destination
      let number = r[Int(register)]
      guard number < UInt64(HelperTable.capacity), program.helpers[Int(number)] != nil else {
        throw fault(slot, register: register, "a call of helper \(number), which there is not")
      }
      try callHelper(UInt32(number), slot)
      return .to(slot + 1)
    case Opcode.callHelper:
      if instruction.source == CallSource.local {
        try enterFrame(returnTo: slot + 1, slot: slot)
        return .to(slot + 1 + Int(instruction.immediate))
      }
      if UInt32(bitPattern: instruction.immediate) == HelperTable.tailCall { return .to(tailCall(slot)) }
      try callHelper(UInt32(bitPattern: instruction.immediate), slot)
      return .to(slot + 1)
    default:
      return .to(slot + 1 + (isTaken(instruction) ? Int(instruction.offset) : 0))
    }
  }

  private func isTaken(_ instruction: Instruction) -> Bool {
    var a = r[Int(instruction.destination)]
    var b = instruction.opcode & Opcode.x != 0 ? r[Int(instruction.source)] : UInt64(bitPattern: Int64(instruction.immediate))
    var signedA = Int64(bitPattern: a)
    var signedB = Int64(bitPattern: b)
    if instruction.instructionClass == Opcode.jmp32 {
      a &= 0xffff_ffff
      b &= 0xffff_ffff
      signedA = Int64(Int32(truncatingIfNeeded: a))
      signedB = Int64(Int32(truncatingIfNeeded: b))
    }
    return switch instruction.opcode & Opcode.operationMask {
    case Opcode.jeq: a == b
    case Opcode.jne: a != b
    case Opcode.jset: a & b != 0
    case Opcode.jgt: a > b
    case Opcode.jge: a >= b
    case Opcode.jlt: a < b
    case Opcode.jle: a <= b
    case Opcode.jsgt: signedA > signedB
    case Opcode.jsge: signedA >= signedB
    case Opcode.jslt: signedA < signedB
    default: signedA <= signedB
    }
  }

  /// Goes to the program that a prog array holds: the slot where execution goes on, in whatever program is now ``program``.
  private func tailCall(_ slot: Int) -> Int {
    guard let target = tailCallTarget(environment, r[2], r[3]), let owner = target.pointee.owner,
      case .checked(let next) = Unmanaged<ProgramCode>.fromOpaque(owner).takeUnretainedValue().executable
    else {
      r[0] = 0
      return slot + 1
    }
    program = next
    return 0
  }

  private func callHelper(_ number: UInt32, _ slot: Int) throws(Fault) {
    guard let helper = program.helpers[Int(number)] else { throw fault(slot, "a call of helper \(number), which there is not") }
    let arguments = (r[1], r[2], r[3], r[4], r[5])
    try checkArguments(of: number, slot)
    let result = helper(arguments.0, arguments.1, arguments.2, arguments.3, arguments.4, environment)
    if let fault { throw fault }
    r[0] = result
    noteResult(of: number, arguments: arguments, result: result)
  }

  // MARK: Memory

  private func storeOrAtomic(_ instruction: Instruction, _ slot: Int) throws(Fault) {
    let size = Opcode.accessSize(instruction.opcode)
    let isLoad = instruction.opcode & Opcode.modeMask == Opcode.atomic && instruction.immediate == AtomicOperation.loadAcquire
    let base = isLoad ? instruction.source : instruction.destination
    let address = r[Int(base)] &+ UInt64(bitPattern: Int64(instruction.offset))
    try check(address, size, writes: !isLoad, slot, base, instruction.offset)
    let source = Int(instruction.source)
    guard instruction.opcode & Opcode.modeMask == Opcode.atomic else {
      if !writeHalfWord(address, r[source], isNone: r[source] >= UInt64(Limits.noQueue), slot) { write(address, size, r[source]) }
      return
    }
    let isWide = size == 8
    let operand = r[source]
    let old: UInt64
    switch instruction.immediate & ~AtomicOperation.fetch {
    case AtomicOperation.add:
      old = isWide ? cebpf_atomic_add64(address, operand) : UInt64(cebpf_atomic_add32(address, low(operand)))
    case AtomicOperation.or: old = isWide ? cebpf_atomic_or64(address, operand) : UInt64(cebpf_atomic_or32(address, low(operand)))
    case AtomicOperation.and: old = isWide ? cebpf_atomic_and64(address, operand) : UInt64(cebpf_atomic_and32(address, low(operand)))
    case AtomicOperation.xor: old = isWide ? cebpf_atomic_xor64(address, operand) : UInt64(cebpf_atomic_xor32(address, low(operand)))
    case AtomicOperation.exchange & ~AtomicOperation.fetch:
      old = isWide ? cebpf_atomic_exchange64(address, operand) : UInt64(cebpf_atomic_exchange32(address, low(operand)))
    case AtomicOperation.compareExchange & ~AtomicOperation.fetch:
      r[0] =
        isWide
        ? cebpf_atomic_compare_exchange64(address, r[0], operand)
        : UInt64(cebpf_atomic_compare_exchange32(address, low(r[0]), low(operand)))
      return
    case AtomicOperation.loadAcquire:
      let value =
        switch size {
        case 1: UInt64(cebpf_load_acquire8(address))
        case 2: UInt64(cebpf_load_acquire16(address))
        case 4: UInt64(cebpf_load_acquire32(address))
        default: cebpf_load_acquire64(address)
        }
      r[Int(instruction.destination)] = value
      return
    default:
      switch size {
      case 1: cebpf_store_release8(address, UInt8(truncatingIfNeeded: operand))
      case 2: cebpf_store_release16(address, UInt16(truncatingIfNeeded: operand))
      case 4: cebpf_store_release32(address, low(operand))
      default: cebpf_store_release64(address, operand)
      }
      return
    }
    if instruction.immediate & AtomicOperation.fetch != 0 { r[source] = old }
  }

  private func read(_ address: UInt64, _ size: Int) -> UInt64 {
    let pointer = UnsafeRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
    return switch size {
    case 1: UInt64(pointer.load(as: UInt8.self))
    case 2: UInt64(pointer.loadUnaligned(as: UInt16.self))
    case 4: UInt64(pointer.loadUnaligned(as: UInt32.self))
    default: pointer.loadUnaligned(as: UInt64.self)
    }
  }

  private func write(_ address: UInt64, _ size: Int, _ value: UInt64) {
    let pointer = UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
    switch size {
    case 1: pointer.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: pointer.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case 4: pointer.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    default: pointer.storeBytes(of: value, as: UInt64.self)
    }
  }

  /// Stores to a field of the context that has 16 bits, see ``Facts/Flags/halfWordField``.
  /// - Parameter isNone: whether the value is no queue.
  /// - Returns: whether the store at the slot is to such a field.
  private func writeHalfWord(_ address: UInt64, _ value: UInt64, isNone: Bool, _ slot: Int) -> Bool {
    guard let flags = program.facts?.flags[slot], flags.contains(.halfWordField) else { return false }
    if !isNone || !flags.contains(.queueField) { write(address, 2, value) }
    return true
  }

  /// The region that the bytes lie in, if they lie in one.
  func region(of address: UInt64, _ size: UInt64) -> MemoryRegion? {
    for frame in frames where frame.region.contains(address, size) { return frame.region }
    for region in regions where region.contains(address, size) { return region }
    if let packet = packetRegion, packet.contains(address, size) { return packet }
    for region in program.fixedRegions where region.contains(address, size) { return region }
    return borrowed.region(of: address, size)
  }

  /// The packet as it is now; socket filters have no direct access to it.
  private var packetRegion: MemoryRegion? {
    guard let packet = PacketState.of(environment)?.pointee, packet.kind != .socketFilter else { return nil }
    let start = packet.kind == .xdp ? min(packet.data, packet.dataMeta) : packet.data
    return MemoryRegion(start: UInt64(start), size: UInt64(packet.dataEnd - start), kind: .packet)
  }

  private func check(
    _ address: UInt64, _ size: Int, writes: Bool, _ slot: Int, _ register: UInt8, _ offset: Int16
  ) throws(Fault) {
    if let region = region(of: address, UInt64(size)) {
      if writes, !region.isWritable {
        throw fault(slot, register: register, "a store of \(size) bytes to \(region.name), which is read only")
      }
      return
    }
    let sign = offset < 0 ? "-" : "+"
    throw fault(
      slot, register: register,
      "a \(writes ? "store" : "load") of \(size) bytes at r\(register)\(sign)\(offset.magnitude) = \(hex(address)): \(place(of: address, size))"
    )
  }

  /// Where an address lies that no region holds, for messages.
  func place(of address: UInt64, _ size: Int) -> String {
    if address < 4096 { return "a null pointer" }
    if FunctionValue(bits: address) != nil { return "a function's address" }
    let all = frames.map(\.region) + regions + (packetRegion.map { [$0] } ?? []) + program.fixedRegions + borrowed.regions
    var nearest: (distance: UInt64, text: String)?
    for region in all {
      let end = region.start + region.size
      let distance: UInt64
      let text: String
      if address >= end {
        distance = address - end
        text = "\(distance) bytes behind \(region.name) of \(region.size) bytes"
      } else if address < region.start {
        distance = region.start - address
        text = "\(distance) bytes before \(region.name) of \(region.size) bytes"
      } else {
        distance = 0
        text = "at byte \(address - region.start) of \(region.name) of \(region.size) bytes, and past its end"
      }
      if distance < 65536, distance < nearest?.distance ?? .max { nearest = (distance, text) }
    }
    return nearest?.text ?? "in no memory that the program may access"
  }

  func fault(_ slot: Int, register: UInt8? = nil, _ message: String) -> Fault {
    Fault(program: program.name, slot: slot, register: register, message: message)
  }

  /// The value of an argument register, for checks of helper calls.
  func argument(_ number: Int) -> UInt64 { r[number] }
}

/// What the checked interpreter caught.
struct Fault: Error {
  var program: String
  var slot: Int
  var register: UInt8?
  var message: String
}

extension CheckedInterpreter {
  // MARK: Arithmetic

  /// Executes an arithmetic instruction, whose form the decoder has checked.
  private func arithmetic(_ instruction: Instruction) {
    let destination = Int(instruction.destination)
    let isWide = instruction.instructionClass == Opcode.alu64
    let operation = instruction.opcode & Opcode.operationMask
    if operation == Opcode.end {
      r[destination] = byteOrder(instruction, r[destination])
      return
    }
    let b = instruction.opcode & Opcode.x != 0 ? r[Int(instruction.source)] : UInt64(bitPattern: Int64(instruction.immediate))
    if operation == Opcode.mov {
      let value = instruction.offset == 0 ? b : signExtend(b, UInt64(instruction.offset))
      r[destination] = isWide ? value : value & 0xffff_ffff
      return
    }
    if isWide {
      r[destination] = arithmetic64(operation, isSigned: instruction.offset == 1, r[destination], b)
    } else {
      r[destination] = UInt64(arithmetic32(operation, isSigned: instruction.offset == 1, low(r[destination]), low(b)))
    }
  }

  private func arithmetic64(_ operation: UInt8, isSigned: Bool, _ a: UInt64, _ b: UInt64) -> UInt64 {
    switch operation {
    case Opcode.add: a &+ b
    case Opcode.sub: a &- b
    case Opcode.mul: a &* b
    case Opcode.or: a | b
    case Opcode.and: a & b
    case Opcode.xor: a ^ b
    case Opcode.lsh: a << (b & 63)
    case Opcode.rsh: a >> (b & 63)
    case Opcode.arsh: UInt64(bitPattern: Int64(bitPattern: a) >> Int64(b & 63))
    case Opcode.neg: ~a &+ 1
    case Opcode.div where b == 0: 0
    case Opcode.mod where b == 0: a
    case Opcode.div where isSigned: UInt64(bitPattern: Int64(bitPattern: a).dividedReportingOverflow(by: Int64(bitPattern: b)).partialValue)
    case Opcode.div: a / b
    case Opcode.mod where isSigned:
      UInt64(bitPattern: Int64(bitPattern: a).remainderReportingOverflow(dividingBy: Int64(bitPattern: b)).partialValue)
    default: a % b
    }
  }

  private func arithmetic32(_ operation: UInt8, isSigned: Bool, _ a: UInt32, _ b: UInt32) -> UInt32 {
    switch operation {
    case Opcode.add: a &+ b
    case Opcode.sub: a &- b
    case Opcode.mul: a &* b
    case Opcode.or: a | b
    case Opcode.and: a & b
    case Opcode.xor: a ^ b
    case Opcode.lsh: a << (b & 31)
    case Opcode.rsh: a >> (b & 31)
    case Opcode.arsh: UInt32(bitPattern: Int32(bitPattern: a) >> Int32(b & 31))
    case Opcode.neg: ~a &+ 1
    case Opcode.div where b == 0: 0
    case Opcode.mod where b == 0: a
    case Opcode.div where isSigned: UInt32(bitPattern: Int32(bitPattern: a).dividedReportingOverflow(by: Int32(bitPattern: b)).partialValue)
    case Opcode.div: a / b
    case Opcode.mod where isSigned:
      UInt32(bitPattern: Int32(bitPattern: a).remainderReportingOverflow(dividingBy: Int32(bitPattern: b)).partialValue)
    default: a % b
    }
  }

  private func byteOrder(_ instruction: Instruction, _ value: UInt64) -> UInt64 {
    let isUnconditional = instruction.instructionClass == Opcode.alu64
    let toBig = instruction.opcode & Opcode.x != 0
    switch instruction.immediate {
    case 16:
      let half = UInt16(truncatingIfNeeded: value)
      return UInt64(isUnconditional ? half.byteSwapped : toBig ? half.bigEndian : half.littleEndian)
    case 32: return UInt64(isUnconditional ? low(value).byteSwapped : toBig ? low(value).bigEndian : low(value).littleEndian)
    default: return isUnconditional ? value.byteSwapped : toBig ? value.bigEndian : value.littleEndian
    }
  }

  private func signExtend(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    guard bits < 64 else { return value }
    return UInt64(bitPattern: Int64(bitPattern: value << (64 - bits)) >> Int64(64 - bits))
  }
}

/// A number for messages.
func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
