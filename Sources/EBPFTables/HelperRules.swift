/// What a loader of programs holds, from least to most; each includes those before.
@frozen
public enum Privilege: UInt8, Sendable, Hashable, Comparable {
  /// No capability.
  case none
  /// `CAP_BPF`.
  case bpf
  /// `CAP_BPF` and `CAP_PERFMON`, as root has.
  case perfmon

  @inlinable
  public static func < (left: Privilege, right: Privilege) -> Bool { left.rawValue < right.rawValue }
}

extension HelperPrototype {
  /// The prototype that a program gets for a helper; `nil` where its type (or attach type, or privilege) does not allow the call.
  ///
  /// - Parameters:
  ///   - attachType: the expected attach type; `nil` counts as number 0, as in the kernel.
  ///   - isSleepable: whether the program is loaded with `BPF_F_SLEEPABLE`.
  ///   - privilege: what the loader holds.
  public static func find(
    _ helper: HelperID, type: ProgramType, attachType: AttachType? = nil, isSleepable: Bool = false, privilege: Privilege = .perfmon
  ) -> HelperPrototype? {
    var found: HelperPrototype?
    forEachRule(of: helper) { rule in
      if rule.holds(type: type, attachType: attachType, isSleepable: isSleepable, privilege: privilege) {
        found = all[rule.row]
        return false
      }
      return true
    }
    return found
  }

  /// Whether any program of a type may call a helper, whatever its attach type and the loader's privilege.
  public static func isAllowed(_ helper: HelperID, type: ProgramType) -> Bool {
    var allowed = false
    forEachRule(of: helper) { rule in
      allowed = rule.programTypes & HelperRule.bit(of: type) != 0
      return !allowed
    }
    return allowed
  }

  /// Every variant of a helper, with the program types that get it.
  public static func variants(of helper: HelperID) -> [(prototype: HelperPrototype, programTypes: [ProgramType])] {
    var result: [(prototype: HelperPrototype, programTypes: [ProgramType])] = []
    var rows: [Int] = []
    forEachRule(of: helper) { rule in
      var types = ProgramType.all.filter { rule.programTypes & HelperRule.bit(of: $0) != 0 }
      if rule.programTypes & HelperRule.bit(of: .rawMemory) != 0 { types.append(.rawMemory) }
      if let index = rows.firstIndex(of: rule.row) {
        result[index].programTypes += types.filter { !result[index].programTypes.contains($0) }
      } else {
        rows.append(rule.row)
        result.append((all[rule.row], types))
      }
      return true
    }
    return result
  }

  private static func forEachRule(of helper: HelperID, _ body: (HelperRule) -> Bool) {
    guard let index = Int(exactly: helper.rawValue), index + 1 < PrototypeTable.ruleStarts.count else { return }
    for rule in Int(PrototypeTable.ruleStarts[index])..<Int(PrototypeTable.ruleStarts[index + 1]) where !body(HelperRule(index: rule)) {
      return
    }
  }
}

/// One line of the rules: these programs get that prototype.
struct HelperRule {
  /// A bit for each program type; ``ProgramType/rawMemory`` has the last.
  let programTypes: UInt64
  let attachTypes: UInt64
  let row: Int
  let privilege: UInt8
  /// 0: all programs, 1: those that do not sleep, 2: those that may.
  let sleepable: UInt8

  init(index: Int) {
    programTypes = PrototypeTable.rules[3 * index]
    attachTypes = PrototypeTable.rules[3 * index + 1]
    let word = PrototypeTable.rules[3 * index + 2]
    row = Int(word & 0xffff)
    privilege = UInt8(truncatingIfNeeded: word >> 16 & 0xf)
    sleepable = UInt8(truncatingIfNeeded: word >> 20)
  }

  static func bit(of type: ProgramType) -> UInt64 {
    type == .rawMemory ? 1 << 63 : type.rawValue < 63 ? 1 << UInt64(type.rawValue) : 0
  }

  func holds(type: ProgramType, attachType: AttachType?, isSleepable: Bool, privilege: Privilege) -> Bool {
    let attach = attachType?.rawValue ?? 0
    return programTypes & Self.bit(of: type) != 0
      && (attachTypes == .max || attach < 64 && attachTypes >> UInt64(attach) & 1 != 0)
      && self.privilege <= privilege.rawValue
      && (sleepable == 0 || (sleepable == 2) == isSleepable)
  }
}
