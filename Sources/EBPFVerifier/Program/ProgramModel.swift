internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

/// A program, made ready for the search: its instructions with what is known of each before any path is walked.
final class ProgramModel {
  /// What the search does at an instruction (`struct bpf_insn_aux_data`).
  struct Marks: OptionSet {
    let rawValue: UInt16
    /// States are kept and compared here.
    static let prunePoint = Marks(rawValue: 1 << 0)
    /// It can be reached other than from the instruction before it.
    static let jumpPoint = Marks(rawValue: 1 << 1)
    /// A state is kept here each time.
    static let forcedState = Marks(rawValue: 1 << 2)
    /// A call of a helper that calls functions of the program.
    static let callsCallback = Marks(rawValue: 1 << 3)
    /// Some path comes here.
    static let reached = Marks(rawValue: 1 << 4)
    /// A conditional jump that some path takes, and that some path does not take.
    static let taken = Marks(rawValue: 1 << 5)
    static let fellThrough = Marks(rawValue: 1 << 6)
    /// It writes r10, which no path may come to.
    static let writesFrame = Marks(rawValue: 1 << 7)
    /// A jump leads here.
    static let jumpTarget = Marks(rawValue: 1 << 8)
    /// Part of a fastcall pattern: a register saved before a call that does not touch it, or loaded again behind it.
    static let fastcall = Marks(rawValue: 1 << 9)
  }

  let type: ProgramType
  let attachType: AttachType?
  let isSleepable: Bool
  let isGPLCompatible: Bool
  /// Whether its sources are in Swift, which decides how it is told what to write instead.
  let isSwift: Bool
  let privilege: Privilege
  /// The userspace host runs it, and not the kernel.
  let isForUserspace: Bool
  let layout: ContextLayout?
  let maps: [MapModel]
  /// How many of ``maps`` are the object's own; behind them are templates of inner maps.
  let ownMapCount: Int
  /// Every function has its type in the object's BTF.
  let hasFunctionTypes: Bool

  let count: Int
  let instructions: UnsafeMutablePointer<Instruction>
  let marks: UnsafeMutablePointer<Marks>
  /// Registers that are read later, whatever path is taken, before they are written; a bit each.
  let live: UnsafeMutablePointer<UInt16>
  /// What kind of pointer a memory instruction was seen with: ``RegisterKind`` and flags, 0 before.
  let pointerTypes: UnsafeMutablePointer<UInt64>
  private let functionOf: UnsafeMutablePointer<Int32>
  var functions: [FunctionModel]
  /// Some function saves registers around a call that does not touch them.
  var hasFastcalls = false
  private var prototypes: [UInt32: HelperPrototype?] = [:]

  init(_ program: ProgramSpec, in object: ObjectSpec, type: ProgramType, options: Verifier.Options) throws(Rejection) {
    self.type = type
    isForUserspace = options.policy == .userspace
    attachType = program.expectedAttachType
    isSleepable = program.loadFlags & 0x10 != 0
    isGPLCompatible = License.isGPLCompatible(object.license)
    isSwift = program.lines.first?.file.hasSuffix(".swift") == true
    privilege = options.isPrivileged ? .perfmon : .none
    layout = ContextLayout.find(type, attachType: program.expectedAttachType, privilege: privilege)
    maps = MapModel.models(of: object)
    ownMapCount = object.maps.count

    let code = program.instructions
    let structure: ProgramStructure
    do throws(InstructionError) {
      structure = try ProgramStructure(checking: code, allowingFrameWrites: true)
    } catch {
      throw Rejection(category: .unsafe, message: error.message, instruction: error.slot)
    }

    count = code.count
    instructions = .allocate(capacity: count)
    _ = UnsafeMutableBufferPointer(start: instructions, count: count).initialize(from: code)
    marks = .allocate(capacity: count + 1)
    marks.initialize(repeating: [], count: count + 1)
    live = .allocate(capacity: count + 1)
    live.initialize(repeating: 0, count: count + 1)
    pointerTypes = .allocate(capacity: count)
    pointerTypes.initialize(repeating: 0, count: count)
    functionOf = .allocate(capacity: count)
    functions = []
    var specs: [Int: FunctionSpec] = [:]
    for spec in program.functions { specs[spec.start] = spec }
    for (index, start) in structure.functions.enumerated() {
      let end = index + 1 < structure.functions.count ? structure.functions[index + 1] : count
      let spec = specs[start]
      functions.append(
        FunctionModel(
          name: spec?.name ?? (index == 0 ? program.name : "func#\(index)"), start: start, end: end, typeID: spec?.typeID ?? 0,
          isGlobal: index > 0 && spec?.isGlobal == true && spec?.typeID != 0))
      (functionOf + start).initialize(repeating: Int32(index), count: end - start)
    }
    hasFunctionTypes = functions.allSatisfy { $0.typeID != 0 }
    markFunctions()
    try checkMapReferences()
    if case .kernel = options.policy { try checkKernelCalls(program) }
    try ControlFlow(self).check()
    Fastcall(self).mark()
    Liveness(self).compute()
  }

  deinit {
    instructions.deallocate()
    marks.deallocate()
    live.deallocate()
    pointerTypes.deallocate()
    functionOf.deallocate()
  }

  /// The function that an instruction belongs to.
  func function(at slot: Int) -> Int { Int(functionOf[slot]) }

  /// The function that a call or a function constant leads to.
  func target(ofCallAt slot: Int) -> Int { function(at: slot + 1 + Int(instructions[slot].immediate)) }

  /// What a helper takes and gives in this program; `nil` where it may not be called.
  func prototype(of helper: HelperID) -> HelperPrototype? {
    if let known = prototypes[helper.rawValue] { return known }
    var found = HelperPrototype.find(helper, type: type, attachType: attachType, isSleepable: isSleepable, privilege: privilege)
    // What translations of classic filters call is the userspace host's own.
    if helper == .skbGetPayOffset, type == .socketFilter, isForUserspace { found = .payloadOffset }
    prototypes[helper.rawValue] = .some(found)
    return found
  }

  private func markFunctions() {
    for slot in 0..<count {
      let instruction = instructions[slot]
      if instruction.isHelperCall, instruction.immediate == Int32(HelperID.tailCall.rawValue) {
        functions[function(at: slot)].hasTailCall = true
      }
      if instruction.isPacketLoad { functions[function(at: slot)].hasPacketLoad = true }
      let writes = InstructionForm.of(instruction)?.writes
      if writes == .destination && instruction.destination == Limits.framePointer
        || writes == .source && instruction.source == Limits.framePointer
      {
        marks[slot].insert(.writesFrame)
      }
    }
  }
}

extension Instruction {
  var isHelperCall: Bool { opcode == Opcode.callHelper && source == CallSource.helper }
  var isLocalCall: Bool { opcode == Opcode.callHelper && source == CallSource.local }
  var isKernelCall: Bool { opcode == Opcode.callHelper && source == CallSource.kfunc }
  /// The address of a function of the program.
  var isFunctionConstant: Bool { opcode == Opcode.loadImmediate64 && source == WideSource.function }
  /// A legacy packet load.
  var isPacketLoad: Bool {
    instructionClass == Opcode.ld && (opcode & Opcode.modeMask == Opcode.abs || opcode & Opcode.modeMask == Opcode.ind)
  }
  var isJump: Bool { instructionClass == Opcode.jmp || instructionClass == Opcode.jmp32 }
  var isAtomic: Bool { instructionClass == Opcode.stx && opcode & Opcode.modeMask == Opcode.atomic }
  /// A call of a helper that calls back before it returns.
  var callsBack: Bool { isHelperCall && HelperID(rawValue: UInt32(bitPattern: immediate)).callsBack }
}

extension HelperID {
  /// The helper calls functions of the program before it returns (`is_sync_callback_calling_function`).
  var callsBack: Bool { self == .forEachMapElem || self == .findVma || self == .loop || self == .userRingbufDrain }

  /// The helper may move the packet, so that pointers into it are lost (`bpf_helper_changes_pkt_data`).
  var changesPacket: Bool {
    switch self {
    case .cloneRedirect, .l3CsumReplace, .l4CsumReplace, .lwtPushEncap, .lwtSeg6Action, .lwtSeg6AdjustSrh, .lwtSeg6StoreBytes, .msgPopData,
      .msgPullData, .msgPushData, .skbAdjustRoom, .skbChangeHead, .skbChangeProto, .skbChangeTail, .skbPullData, .skbStoreBytes,
      .skbVlanPop, .skbVlanPush, .storeHdrOpt, .xdpAdjustHead, .xdpAdjustMeta, .xdpAdjustTail, .tailCall:
      true
    default: false
    }
  }
}
