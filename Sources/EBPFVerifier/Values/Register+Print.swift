internal import EBPFTables

extension Register {
  /// The type in the kernel's words, `rdonly_mem_or_null` (`reg_type_str`).
  var typeName: String { Register.typeName(kind, flags) }

  static func typeName(_ kind: RegisterKind, _ flags: TypeFlags = []) -> String {
    var result = ""
    if flags.contains(.memRdonly) { result += "rdonly_" }
    if flags.contains(.memRingbuf) { result += "ringbuf_" }
    if flags.contains(.memUser) { result += "user_" }
    if flags.contains(.memPercpu) { result += "percpu_" }
    if flags.contains(.memRcu) { result += "rcu_" }
    if flags.contains(.ptrUntrusted) { result += "untrusted_" }
    if flags.contains(.ptrTrusted) { result += "trusted_" }
    result += kind.name
    if flags.contains(.ptrMaybeNull) { result += kind == .kernelObject ? "or_null_" : "_or_null" }
    return result
  }
}

extension Tnum {
  /// `(0x0; 0xff)`, or the number where all bits are known (`tnum_strn`).
  var kernelText: String { isConstant ? Scalar.text(unsigned: value) : description }
}

extension Search {
  /// What is known of a register, as the kernel's log has it: `pkt(off=14,r=14)` (`print_reg_state`).
  borrowing func description(of register: Register, in frame: Int) -> String {
    if let constant = register.constant { return Scalar.text(signed: Int64(bitPattern: constant)) }
    var text = register.typeName
    if register.kind == .stack {
      if Int(register.detail) != frame { text += "[\(register.detail)]" }
      if let constant = register.scalar.constant {
        return text + Scalar.text(signed: Int64(bitPattern: constant) &+ Int64(register.offset))
      }
    }
    var parts: [String] = []
    if register.id != 0 {
      let distance = register.id & Register.distanceMask != 0 ? (register.offset >= 0 ? "+" : "") + String(register.offset) : ""
      parts.append("id=\(register.linkedID)\(distance)")
    }
    if register.reference != 0 { parts.append("ref_obj_id=\(register.reference)") }
    switch register.kind {
    case .mapPointer, .mapKey, .mapValue:
      let map = program.maps[Int(register.detail)]
      if !map.name.isEmpty { parts.append("map=\(map.name.prefix(15))") }
      parts.append("ks=\(map.keySize),vs=\(map.valueSize)")
    default: break
    }
    if register.kind != .scalar, register.offset != 0 { parts.append("off=" + Scalar.text(signed: Int64(register.offset))) }
    if register.isAnyPacketPointer { parts.append("r=" + Scalar.text(unsigned: UInt64(bitPattern: Int64(register.detail)))) }
    if register.kind == .memory { parts.append("sz=" + Scalar.text(unsigned: UInt64(UInt32(bitPattern: register.detail)))) }
    if let constant = register.scalar.constant {
      if constant != 0 { parts.append("imm=" + Scalar.text(signed: Int64(bitPattern: constant))) }
    } else {
      let ranges = register.scalar.bounds
      if !ranges.isEmpty { parts.append(ranges) }
    }
    return text + "(" + parts.joined(separator: ",") + ")"
  }
}
