internal import EBPFBTF
internal import EBPFISA

extension ObjectSpec {
  /// Whether programs have CO-RE relocations that are still to be applied.
  /// - Parameter names: the programs that count; `nil`: those that are loaded unless told otherwise.
  public func needsTargetTypes(programs names: Set<String>? = nil) -> Bool {
    programs.contains { !$0.coreRelocations.isEmpty && (names?.contains($0.name) ?? $0.isAutoloaded) }
  }

  /// The object with CO-RE relocations applied, as libbpf applies them: every constant that depends on the kernel's types is what it is in
  /// `target`.
  ///
  /// What has no counterpart is made an instruction that must not be reached; ``ProgramSpec/coreResolutions`` has the outcome of each.
  /// - Parameter names: the programs to change; `nil`: those that are loaded unless told otherwise.
  /// - Throws: ``ObjectError`` with ``ObjectError/Code/relocation`` for the first relocation that cannot be applied.
  public func relocated(against target: TargetTypes, programs names: Set<String>? = nil) throws(ObjectError) -> ObjectSpec {
    let result = try attemptingRelocation(against: target, programs: names)
    for program in result.programs {
      for resolution in program.coreResolutions {
        if case .refused = resolution.outcome { throw COREApplication.error(resolution, in: program) }
      }
    }
    return result
  }

  /// ``relocated(against:programs:)``, with the relocations that cannot be applied left out: their outcome is ``COREResolution/Outcome/refused(_:)``.
  /// - Throws: ``ObjectError`` where nothing can be applied: the object has no types, or the target is for another byte order.
  public func attemptingRelocation(against target: TargetTypes, programs names: Set<String>? = nil) throws(ObjectError) -> ObjectSpec {
    guard needsTargetTypes(programs: names) else { return self }
    guard let btf else {
      throw ObjectError(.relocation, "there are CO-RE relocations and no types (section .BTF): compile with -g", section: ".BTF.ext")
    }
    guard target.kernel.btf.isBigEndian == (byteOrder == .big) else {
      throw ObjectError(
        .relocation,
        "the object is \(byteOrder.rawValue)-endian and the types of \(target.kernel.name) are not: they are for another machine")
    }
    var application = COREApplication(btf, target, isBigEndian: byteOrder == .big)
    var result = self
    application.apply(to: &result.programs) { names?.contains($0.name) ?? $0.isAutoloaded }
    return result
  }

  /// What a relocation of one of the object's programs is about.
  /// - Throws: ``ObjectError`` where the record contradicts the object's types.
  public func access(of relocation: CORERelocation) throws(ObjectError) -> COREAccess {
    guard let btf else { throw ObjectError(.relocation, "the object has no types (section .BTF): compile with -g") }
    do throws(COREFailure) {
      return try COREAccess(relocation, in: CORETypes(btf, name: "the object"))
    } catch {
      throw ObjectError(.relocation, error.message, section: ".BTF.ext")
    }
  }

  /// One program of the object with its CO-RE relocations applied, see ``relocated(against:programs:)``.
  public func relocated(_ program: ProgramSpec, against target: TargetTypes) throws(ObjectError) -> ProgramSpec {
    var alone = self
    alone.programs = [program]
    return try alone.relocated(against: target, programs: [program.name]).programs[0]
  }
}

/// One application of an object's relocations.
private struct COREApplication {
  private let types: CORETypes
  private let target: TargetTypes
  private let isBigEndian: Bool
  private var candidates: CORECandidates

  init(_ btf: BTF, _ target: TargetTypes, isBigEndian: Bool) {
    types = CORETypes(btf, name: "the object")
    self.target = target
    self.isBigEndian = isBigEndian
    candidates = CORECandidates(target)
  }

  /// A relocation of a program.
  private struct Place {
    var program: Int
    var index: Int
    var order: Int
  }

  /// What was found out for one record.
  private struct Finding {
    var resolution: COREResolution
    var value: COREValue?
  }

  mutating func apply(to programs: inout [ProgramSpec], where isChosen: (ProgramSpec) -> Bool) {
    var places: [Place] = []
    for (number, program) in programs.enumerated() where isChosen(program) {
      for (index, relocation) in program.coreRelocations.enumerated() {
        places.append(Place(program: number, index: index, order: relocation.order ?? Int.max))
      }
    }
    places.sort { ($0.order, $0.program, $0.index) < ($1.order, $1.program, $1.index) }
    var resolutions: [[COREResolution?]] = programs.map { Array(repeating: nil, count: $0.coreRelocations.count) }
    // A function that several programs share has one record.
    var known: (order: Int, finding: Finding)?
    for place in places {
      let relocation = programs[place.program].coreRelocations[place.index]
      var finding: Finding
      if let known, let order = relocation.order, known.order == order {
        finding = known.finding
        finding.resolution.relocation = relocation
      } else {
        finding = find(relocation)
        known = relocation.order.map { ($0, finding) }
      }
      if let value = finding.value {
        do throws(COREFailure) {
          switch try COREPatch.apply(value, &programs[place.program].instructions, relocation.slot) {
          case .patched(let old, let new): finding.resolution.outcome = .patched(from: old, to: new)
          case .unresolved: finding.resolution.outcome = .unresolved
          case .wrongSize: finding.resolution.outcome = .wrongSize
          }
        } catch { finding.resolution.outcome = .refused(error.message) }
      }
      resolutions[place.program][place.index] = finding.resolution
    }
    for number in programs.indices where isChosen(programs[number]) {
      programs[number].coreResolutions += resolutions[number].compactMap { $0 }
      programs[number].coreRelocations = []
    }
  }

  private mutating func find(_ relocation: CORERelocation) -> Finding {
    var resolution = COREResolution(relocation: relocation, local: nil, candidates: [], outcome: .unresolved, target: target)
    do throws(COREFailure) {
      let value = try value(of: &resolution)
      return Finding(resolution: resolution, value: value)
    } catch {
      resolution.outcome = .refused(error.message)
      return Finding(resolution: resolution, value: nil)
    }
  }

  /// The value for a relocation, on which all candidates that fit must agree.
  private mutating func value(of resolution: inout COREResolution) throws(COREFailure) -> COREValue {
    let relocation = resolution.relocation
    guard let root = types.btf.type(relocation.typeID) else { throw COREFailure("the object has no type [\(relocation.typeID)]") }
    let local = try COREAccess(relocation, in: types)
    resolution.local = local
    if relocation.kind == .typeIDLocal { return try COREValue(local: local, target: local, isBigEndian: isBigEndian) }
    guard root.nameOffset != 0, !root.name.isEmpty else {
      throw COREFailure("a type without a name cannot be looked for: give it one, with a typedef")
    }
    var result: (value: COREValue, access: COREAccess)?
    var fitting: [CORECandidates.Candidate] = []
    for candidate in candidates.candidates(for: root) {
      let (access, isMatch) = try local.matched(candidate.types, candidate.typeID)
      resolution.candidates.append(COREResolution.Candidate(access: access, isMatch: isMatch))
      guard isMatch else { continue }
      let value = try COREValue(local: local, target: access, isBigEndian: isBigEndian)
      if let result {
        guard access.bitOffset == result.access.bitOffset, value.new == result.value.new else {
          throw COREFailure(
            "candidates disagree: \(result.access) gives \(Int64(bitPattern: result.value.new)), \(access) gives "
              + "\(Int64(bitPattern: value.new)); give the type of the object more of the fields that tell them apart, or use a flavour of each"
          )
        }
      } else {
        result = (value, access)
      }
      fitting.append(candidate)
    }
    guard let result else { return try COREValue(local: local, target: nil, isBigEndian: isBigEndian) }
    candidates.narrow(root.id, to: fitting)
    return result.value
  }

  static func error(_ resolution: COREResolution, in program: ProgramSpec) -> ObjectError {
    ObjectError(
      .relocation, "program '\(program.name)', instruction \(resolution.relocation.slot): CO-RE relocation \(resolution)",
      section: program.section)
  }
}
