internal import EBPFISA

/// Divisions whose divisor is proved harmless, for the JIT.
extension Search {
  /// The divisor is not zero on this path, or it may be; what is claimed must hold on every path.
  mutating func noteDivision(_ divisor: Register, _ source: Int, _ operation: Arithmetic, is32: Bool) {
    let scalar = divisor.scalar
    let isNonzero = is32 ? scalar.u32min > 0 || scalar.s32max < 0 : scalar.umin > 0
    let isSigned = operation == .sdiv || operation == .smod
    let mayOverflow = isSigned && (is32 ? scalar.s32min <= -1 && scalar.s32max >= -1 : scalar.smin <= -1 && scalar.smax >= -1)
    if isNonzero, !mayOverflow {
      // The claim rests on the exact range: states are compared by it from now on.
      if source >= 0 { markPrecise(source) }
      harmlessDivisions.insert(at)
    } else {
      harmfulDivisions.insert(at)
    }
  }
}
