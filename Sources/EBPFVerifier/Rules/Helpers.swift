internal import EBPFISA
package import EBPFTables

/// What the arguments of a helper call tell about each other (`struct bpf_call_arg_meta`).
struct CallFacts {
  let helper: HelperID
  let prototype: HelperPrototype
  /// The map argument, and which look-up an inner map is from.
  var map: Int?
  var lookup: UInt32 = 0
  /// The reference that an argument holds, and the register that is given back.
  var reference: UInt32 = 0
  var released = 0
  /// The next memory argument need not be written before; then its register and size.
  var isRaw = false
  var rawRegister = 0
  var rawSize = 0
  /// The largest length argument, and the size of the memory that the helper gives.
  var length: UInt64 = 0
  var memorySize: UInt64 = 0
  var function = 0
  /// The key, where it is a constant.
  var key: UInt64?
}

/// Calls of helpers (`check_helper_call`).
extension Search {
  mutating func checkHelper(_ instruction: Instruction) throws(Stop) {
    let number = instruction.immediate
    let helper = HelperID(rawValue: UInt32(bitPattern: number))
    guard number >= 0, helper.name != nil else {
      throw fail("invalid func unknown#\(number)", .helperNotAllowed)
    }
    let name = Search.shortName(of: helper)
    guard let prototype = program.prototype(of: helper) else {
      throw fail("program of this type cannot use helper \(name)#\(number)", .helperNotAllowed)
    }
    if prototype.isGPLOnly, !program.isGPLCompatible {
      throw fail("cannot call GPL-restricted function from non-GPL compatible program", .licence)
    }
    if prototype.hasCondition { throw unsupported("helper \(name)#\(number), which asks more of the program than its type") }
    if prototype.mightSleep, !program.isSleepable { throw fail("helper call might sleep in a non-sleepable prog", .helperNotAllowed) }

    var facts = CallFacts(helper: helper, prototype: prototype)
    for index in 0..<5 where prototype.arguments[index].base != .dontcare { try checkArgument(index, &facts) }
    try noteMap(facts, name)
    if helper == .tailCall { noteTailCallIndex(facts) }
    for place in 0..<facts.rawSize {
      try checkAccess(facts.rawRegister, offset: place, size: 1, isWrite: true, value: -1)
    }
    if facts.released != 0 { try release(facts, name) }
    try checkParticulars(facts, name)
    clearCallerSaved(frame)
    try setResult(facts, name)
    try checkMap(facts, name)
    // A tail call that goes on here changed nothing; in a function, the program that it went to returns to the function's caller.
    if helper.changesPacket, helper != .tailCall || state.pointee.depth > 0 { forgetPackets() }
  }

  static func shortName(of helper: HelperID) -> String { helper.name ?? "unknown" }

  // MARK: Maps

  /// `record_func_map`.
  private mutating func noteMap(_ facts: CallFacts, _ name: String) throws(Stop) {
    guard let map = facts.map else { return }
    switch facts.helper {
    case .mapDeleteElem, .mapUpdateElem, .mapPushElem, .mapPopElem:
      if program.maps[map].flags.contains(.readOnlyProgram) { throw fail("write into map forbidden", register: 1) }
    default: break
    }
    // Models behind the object's own maps are those of inner maps: which map that is, is not known.
    if let known = self.facts.constantMaps[at], known != map { variableMaps.insert(at) }
    self.facts.constantMaps[at] = map
    if facts.lookup != 0 || isInnerModel(map) { variableMaps.insert(at) }
  }

  func isInnerModel(_ map: Int) -> Bool { map >= program.ownMapCount }

  /// The key of a tail call is an index into the map where it is a known number (`record_func_key`).
  private mutating func noteTailCallIndex(_ facts: CallFacts) {
    guard let map = facts.map, let index = registers[3].constant, index < UInt64(program.maps[map].maxEntries) else { return }
    markPrecise(3)
  }

  // MARK: References

  private mutating func release(_ facts: CallFacts, _ name: String) throws(Stop) {
    if facts.reference != 0 {
      guard state.pointee.release(facts.reference) else {
        throw fail("func \(name)#\(facts.helper.rawValue) reference has not been acquired before", .releasedTwice)
      }
      state.pointee.forEachRegister { register in
        if register.pointee.reference == facts.reference { register.pointee = .unknown }
      }
    } else if !registers[facts.released].isNull {
      throw fail("func \(name)#\(facts.helper.rawValue) reference has not been acquired before", .releasedTwice)
    }
  }

  // MARK: Helpers with rules of their own

  private mutating func checkParticulars(_ facts: CallFacts, _ name: String) throws(Stop) {
    switch facts.helper {
    case .tailCall:
      try checkLeak("tail_call")
    case .getLocalStorage:
      if !registers[2].isNull { throw fail("get_local_storage() doesn't support non-zero flags", register: 2) }
      markPrecise(2)
    case .forEachMapElem:
      guard let map = facts.map else { return }
      switch program.maps[map].type {
      case .hash, .percpuHash, .lruHash, .lruPercpuHash, .array, .percpuArray: break
      default: throw fail("callback function not allowed for map")
      }
      try callBack(facts.function) { callee, caller in
        callee[1] = caller[1]
        callee[2] = .pointer(.mapKey, detail: Int32(map))
        callee[2].lookup = caller[1].lookup
        callee[3] = .pointer(.mapValue, detail: Int32(map))
        callee[3].lookup = caller[1].lookup
        callee[4] = caller[3]
      }
    case .loop:
      // The prototype takes anything, and a pointer's bounds say nothing of the turns that its bits make.
      guard registers[1].kind == .scalar else {
        throw fail("R1 type=\(registers[1].typeName) expected=scalar", .argument, register: 1)
      }
      markPrecise(1)
      if UInt64(frame.pointee.callbackDepth) < registers[1].scalar.umax {
        try callBack(facts.function) { callee, caller in
          callee[1] = .unknown
          callee[2] = caller[3]
        }
      } else {
        frame.pointee.callbackDepth = 0
      }
      if registers[4].isNull { markPrecise(4) }
    case .snprintf: try checkFormat()
    default:
      if let what = facts.helper.missingRules { throw unsupported(what) }
    }
  }

  /// The format of bpf_snprintf() is a constant string, and each of its directives has an argument (`check_bpf_snprintf_call`).
  private mutating func checkFormat() throws(Stop) {
    guard let length = registers[5].constant, length % 8 == 0 else { throw fail("Invalid format string", register: 5) }
    guard let text = constantString(registers[3]) else { throw fail("Invalid format string", register: 3) }
    guard FormatString.isValid(text, arguments: Int(length / 8)) else { throw fail("Invalid format string", register: 3) }
  }

  /// The bytes up to the zero byte of a string in a map that nobody changes.
  func constantString(_ pointer: Register) -> ArraySlice<UInt8>? {
    guard pointer.kind == .mapValue, let bytes = program.maps[Int(pointer.detail)].constants, let variable = pointer.scalar.constant
    else { return nil }
    let start = Int(pointer.offset) + Int(Int64(bitPattern: variable))
    guard bytes.indices.contains(start), let end = bytes[start...].firstIndex(of: 0) else { return nil }
    return bytes[start..<end]
  }

  // MARK: Callbacks

  /// The helper calls a function of the program, any number of times: it is walked from here, and comes back to the call
  /// (`push_callback_call`).
  private mutating func callBack(
    _ function: Int, arguments: (_ callee: UnsafeMutablePointer<Register>, _ caller: UnsafeMutablePointer<Register>) -> Void
  ) throws(Stop) {
    program.functions[function].isCallback = true
    try checkDepth()
    let other = try leaveAside(at: program.functions[function].start)
    enter(function, in: other)
    let callee = other.pointee.current
    let caller = other.pointee.frame(other.pointee.depth - 1)
    arguments(callee.pointee.cells, caller.pointee.cells)
    callee.pointee.isCallback = true
    caller.pointee.callbackDepth += 1
    other.pointee.callbackTurns += 1
    frame.pointee.callbackDepth = 0
  }
}

extension HelperID {
  /// What the helper is about, where its rules are not built: programs that call it are ``Rejection/Category/unsupported``. `nil`: they are.
  package var missingRules: String? {
    switch self {
    case .timerInit, .timerSetCallback, .timerStart, .timerCancel: "timers"
    case .findVma: "walks over virtual memory areas"
    case .userRingbufDrain: "user ring buffers"
    case .kptrXchg: "pointers to kernel objects in maps"
    case .dynptrFromMem, .dynptrData, .dynptrRead, .dynptrWrite, .ringbufReserveDynptr, .ringbufSubmitDynptr, .ringbufDiscardDynptr:
      "dynptrs"
    case .spinLock, .spinUnlock: "spin locks"
    case .perCpuPtr, .thisCpuPtr: "per-CPU kernel variables"
    default: nil
    }
  }
}

/// Directives of the printing helpers (`bpf_bprintf_prepare`).
enum FormatString {
  /// Whether every directive is known and has an argument.
  static func isValid(_ text: ArraySlice<UInt8>, arguments: Int) -> Bool {
    var used = 0
    var index = text.startIndex
    func at(_ position: Int) -> UInt8 { position < text.endIndex ? text[position] : 0 }
    while index < text.endIndex {
      let byte = text[index]
      if byte >= 0x80 || (byte < 0x20 && !(9...13).contains(byte)) || byte == 0x7f { return false }
      index += 1
      guard byte == UInt8(ascii: "%") else { continue }
      if at(index) == UInt8(ascii: "%") {
        index += 1
        continue
      }
      guard used < arguments else { return false }
      used += 1
      while [UInt8(ascii: "0"), UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "#")].contains(at(index)) {
        index += 1
      }
      while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(at(index)) { index += 1 }
      switch at(index) {
      case UInt8(ascii: "p"):
        let kind = at(index + 1)
        if kind == UInt8(ascii: "i") || kind == UInt8(ascii: "I") {
          guard at(index + 2) == UInt8(ascii: "4") || at(index + 2) == UInt8(ascii: "6") else { return false }
          index += 3
        } else if kind == UInt8(ascii: "k") || kind == UInt8(ascii: "u"), at(index + 2) == UInt8(ascii: "s") {
          index += 3
        } else if "KxBsS".utf8.contains(kind) {
          index += 2
        } else if kind == 0 || !isLetterOrDigit(kind) {
          index += 1
        } else {
          return false
        }
      case UInt8(ascii: "s"), UInt8(ascii: "c"): index += 1
      default:
        if at(index) == UInt8(ascii: "l") { index += 1 }
        if at(index) == UInt8(ascii: "l") { index += 1 }
        guard "diuxX".utf8.contains(at(index)) else { return false }
        index += 1
      }
    }
    return true
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
