/// What became of one CO-RE relocation: what was looked for, the candidates, and what the instruction holds now.
public struct COREResolution: Sendable {
  /// How it ended.
  public enum Outcome: Sendable, Hashable {
    /// The instruction's constant, before and after.
    case patched(from: UInt64, to: UInt64)
    /// Nothing fits. The instruction is now one that every verifier refuses, where the program can reach it: code behind
    /// `bpf_core_field_exists` and its like cannot be reached then.
    case unresolved
    /// The field has another size in the target, and is not one that can be read at another size (a signed number, a structure). The
    /// instruction is now one that every verifier refuses.
    case wrongSize
    /// It cannot be applied at all, and the object cannot be loaded.
    case refused(String)
  }

  /// A type of the target with the right name and kind.
  public struct Candidate: Sendable {
    /// The access there, as far as it could be followed.
    public var access: COREAccess
    /// Whether it fits.
    public var isMatch: Bool
  }

  /// What was asked for.
  public var relocation: CORERelocation
  /// The access in the object's types; `nil` where it cannot be read.
  public var local: COREAccess?
  public var candidates: [Candidate]
  public var outcome: Outcome
  /// Where was looked.
  let target: TargetTypes

  /// Whether the instruction is one that must not be reached.
  public var isPoisoned: Bool { outcome == .unresolved || outcome == .wrongSize }

  /// The first candidate that fits.
  public var match: COREAccess? { candidates.first { $0.isMatch }?.access }

  /// One line: what was looked for, and what came of it.
  public var description: String {
    let what = local?.description ?? "<\(relocation.kind)> [\(relocation.typeID)] + \(relocation.access)"
    switch outcome {
    case .patched(let old, let new):
      let change = old == new ? "\(Int64(bitPattern: new))" : "\(Int64(bitPattern: old)) -> \(Int64(bitPattern: new))"
      guard relocation.kind != .typeIDLocal else { return "\(what): \(change)" }
      guard let match else { return "\(what): \(change), \(explanation)" }
      return "\(what): \(change), as \(match.types.title(match.typeID)) in \(match.source)"
    case .unresolved, .wrongSize: return "\(what): \(explanation)"
    case .refused(let reason): return "\(what): \(reason)"
    }
  }
}

extension COREResolution: CustomStringConvertible {}

extension ProgramSpec {
  /// The CO-RE relocation that made the instruction in that slot one that must not be reached; the only one of the program where the slot is
  /// not known.
  public func poisonedResolution(at slot: Int?) -> COREResolution? {
    let poisoned = coreResolutions.filter(\.isPoisoned)
    guard let slot else { return poisoned.count == 1 ? poisoned[0] : nil }
    return poisoned.first { $0.relocation.slot == slot }
  }
}
