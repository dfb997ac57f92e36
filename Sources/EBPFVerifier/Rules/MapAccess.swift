internal import EBPFISA
internal import EBPFTables

/// Map values, and constants that are loaded from maps that nobody changes.
extension Search {
  mutating func checkMapPermission(_ pointer: Int, offset: Int, size: Int, isWrite: Bool) throws(Stop) {
    let map = program.maps[Int(registers[pointer].detail)]
    if isWrite, !map.programWrites {
      throw fail("write into map forbidden, value_size=\(map.valueSize) off=\(offset) size=\(size)", register: pointer)
    }
    if !isWrite, !map.programReads {
      throw fail("read from map forbidden, value_size=\(map.valueSize) off=\(offset) size=\(size)", register: pointer)
    }
  }

  /// An access to a value, which must not touch what only helpers may (`check_map_access`).
  mutating func checkMapAccess(_ pointer: Int, offset: Int, size: Int, allowsZero: Bool, isDirect: Bool) throws(Stop) {
    let index = Int(registers[pointer].detail)
    try checkRegion(pointer, offset: offset, size: size, memory: program.maps[index].valueSize, allowsZero: allowsZero)
    guard !program.maps[index].special.isEmpty else { return }
    let scalar = registers[pointer].scalar
    for field in program.maps[index].special
    where scalar.smin + Int64(offset) < Int64(field.offset + field.size) && Int64(field.offset) < Int64(scalar.umax) + Int64(offset + size)
    {
      guard field.kind == .kernelPointer else {
        throw fail("\(field.kind.rawValue) cannot be accessed directly by load/store", register: pointer)
      }
      if !isDirect { throw fail("kptr cannot be accessed indirectly by helper", register: pointer) }
      guard let variable = scalar.constant else { throw fail("kptr access cannot have variable offset", register: pointer) }
      let place = offset + Int(variable)
      if place != field.offset { throw fail("kptr access misaligned expected=\(field.offset) off=\(place)", register: pointer) }
      if size != 8 { throw fail("kptr access size must be BPF_DW", register: pointer) }
      throw unsupported("pointers to kernel objects in maps")
    }
  }

  /// The number that a load gives, where the map's bytes never change; `nil` where they may.
  func mapConstant(_ pointer: Register, offset: Int, size: Int, signExtends: Bool) -> Register? {
    guard let bytes = program.maps[Int(pointer.detail)].constants, let variable = pointer.scalar.constant else { return nil }
    let start = offset + Int(Int64(bitPattern: variable))
    guard start >= 0, start + size <= bytes.count else { return nil }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
    if signExtends {
      let shift = UInt64(64 - 8 * size)
      value = UInt64(bitPattern: Int64(bitPattern: value << shift) >> Int64(shift))
    }
    return .constant(value)
  }

  /// Reads of the structure that the kernel keeps a map in (`check_ptr_to_map_access`). Maps of this project's runtime have another one.
  mutating func loadOrStoreMap(_ pointer: Int, offset: Int, size: Int, isWrite: Bool, value: Int) throws(Stop) {
    let type = program.maps[Int(registers[pointer].detail)].type
    guard let name = KernelStructure.name(of: type) else { throw fail("map_ptr access not supported for map type \(type.rawValue)") }
    if offset < 0 { throw fail("R\(pointer) is \(name) invalid negative access: off=\(offset)", register: pointer) }
    if isWrite { throw fail("only read from \(name) is supported", .mapPointer, register: pointer) }
    guard hasKernelLimits else { throw unsupported("access to the fields of struct bpf_map, which maps in userspace have not") }
    guard let types = kernelTypes else { throw unsupported("access to the fields of struct bpf_map without the kernel's types") }
    let field: KernelStructure.Field
    do throws(KernelStructure.Problem) {
      field = try KernelStructure(types: types).load(name, at: offset, size: size)
    } catch { throw fail(error.text, register: pointer) }
    guard value >= 0 else { return }
    switch field {
    case .scalar: registers[value] = .unknown
    case .pointer(let name, let flags): registers[value] = .pointer(.kernelObject, flags: flags, detail: objectIndex(name))
    }
  }

  // MARK: Constants

  /// `ld_imm64`: a number, a map, a place in a map's value, or a function.
  mutating func checkConstant(_ instruction: Instruction) throws(Stop) {
    let destination = Int(instruction.destination)
    let high = program.instructions[at + 1].immediate
    program.marks[at + 1].insert(.reached)
    switch instruction.source {
    case WideSource.constant:
      registers[destination] = .constant(UInt64(UInt32(bitPattern: instruction.immediate)) | UInt64(UInt32(bitPattern: high)) << 32)
    case WideSource.mapIndex: registers[destination] = .pointer(.mapPointer, detail: instruction.immediate)
    case WideSource.mapIndexValue: registers[destination] = .pointer(.mapValue, detail: instruction.immediate, offset: high)
    case WideSource.function:
      let function = program.target(ofCallAt: at)
      if hasKernelLimits {
        guard program.hasFunctionTypes else { throw fail("missing btf func_info") }
      }
      if program.functions[function].isGlobal { throw fail("callback function not static", .notGlobal) }
      if function == 0 { throw fail("callback function cannot be the main program") }
      registers[destination] = .pointer(.function, detail: Int32(function))
    case WideSource.btfID: throw unsupported("kernel variables")
    default: throw unsupported("maps by file descriptor; link the program to its object's maps")
    }
  }
}
