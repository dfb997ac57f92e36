import CEBPF
import EBPFISA
import EBPFObject
import EBPFTables

extension CheckedInterpreter {
  /// The checked interpreter that runs, where one does.
  static func of(_ environment: UnsafeMutablePointer<ebpf_environment>) -> CheckedInterpreter? {
    runState(environment).pointee.checked.map { Unmanaged<CheckedInterpreter>.fromOpaque($0).takeUnretainedValue() }
  }

  private func prototype(of number: UInt32) -> HelperPrototype? {
    if let known = prototypes[number] { return known }
    let helper = HelperID(rawValue: number)
    let found =
      HelperPrototype.find(helper, type: program.type, attachType: program.attachType)
      ?? HelperPrototype.variants(of: helper).first?.prototype
    prototypes[number] = found
    return found
  }

  /// Looks at a helper's arguments as its prototype has them: every pointer must lead to memory that the program may access, of the size that
  /// the helper will read or write.
  func checkArguments(of number: UInt32, _ slot: Int) throws(Fault) {
    guard let prototype = prototype(of: number) else { return }
    var map: UnsafeMutablePointer<ebpf_map>?
    for index in 0..<prototype.argumentCount {
      let type = prototype.arguments[index]
      let register = UInt8(index + 1)
      let value = argument(index + 1)
      let isNullAllowed = type.flags.contains(.ptrMaybeNull)
      let writes = type.flags.contains(.memUninit) || type.flags.contains(.memWrite)
      switch type.base {
      case .constMapPtr:
        guard program.maps.contains(value) || innerMaps.contains(value) else {
          throw fault(slot, register: register, "helper \(HelperID(rawValue: number)): r\(register) = \(hex(value)) is no map")
        }
        map = mapHeader(value)
        if Self.mapWriters.contains(number), MapFlags(rawValue: mapHeader(value).pointee.flags).contains(.readOnlyProgram) {
          throw fault(
            slot, register: register,
            "helper \(HelperID(rawValue: number)) changes map '\(name(of: mapHeader(value)))', which programs only read")
        }
      case .ptrToMapKey, .ptrToMapValue:
        guard let map, !(value == 0 && isNullAllowed) else { continue }
        let size = type.base == .ptrToMapKey ? map.pointee.key_size : map.pointee.value_size
        try checkMemory(number, slot, register, value, UInt64(size), writes: writes)
      case .ptrToMem:
        if type.flags.contains(.memFixedSize) {
          if value == 0, isNullAllowed { continue }
          try checkMemory(number, slot, register, value, UInt64(type.fixedSize), writes: writes)
        } else if index + 1 < 5,
          prototype.arguments[index + 1].base == .constSize || prototype.arguments[index + 1].base == .constSizeOrZero
        {
          let size = UInt64(UInt32(truncatingIfNeeded: argument(index + 2)))
          if size == 0 || value == 0 && isNullAllowed { continue }
          try checkMemory(number, slot, register, value, size, writes: writes)
        }
      case .ptrToRingbufMem:
        guard let record = borrowed.region(startingAt: value), case .record = record.kind else {
          throw fault(
            slot, register: register, "helper \(HelperID(rawValue: number)): r\(register) = \(hex(value)) is no record that is held")
        }
      case .ptrToCtx:
        guard let context = regions.first(where: { $0.kind == .context }), !(value == 0 && isNullAllowed) else { continue }
        guard value == context.start else {
          throw fault(slot, register: register, "helper \(HelperID(rawValue: number)): r\(register) = \(hex(value)) is not the context")
        }
      case .ptrToFunc:
        guard let function = FunctionValue(bits: value), program.instructions.indices.contains(function.slot) else {
          throw fault(
            slot, register: register, "helper \(HelperID(rawValue: number)): r\(register) = \(hex(value)) is no function of the program")
        }
      // Helpers hand it on to a callback, whose loads and stores are looked at: the kernel lets it lie outside the stack as well.
      case .ptrToStack: continue
      case .ptrToConstStr: try checkString(number, slot, register, value)
      case .ptrToSpinLock: try checkMemory(number, slot, register, value, 4, writes: true)
      case .ptrToTimer, .ptrToDynptr: try checkMemory(number, slot, register, value, 16, writes: true)
      default: continue
      }
    }
  }

  private func checkMemory(
    _ number: UInt32, _ slot: Int, _ register: UInt8, _ address: UInt64, _ size: UInt64, writes: Bool
  ) throws(Fault) {
    let helper = HelperID(rawValue: number)
    guard let region = region(of: address, size) else {
      throw fault(
        slot, register: register,
        "helper \(helper): \(size) bytes at r\(register) = \(hex(address)): \(place(of: address, Int(size)))")
    }
    if writes, !region.isWritable {
      throw fault(slot, register: register, "helper \(helper) writes to \(region.name) at r\(register), which is read only")
    }
  }

  /// A string in read-only memory, with its zero byte.
  private func checkString(_ number: UInt32, _ slot: Int, _ register: UInt8, _ address: UInt64) throws(Fault) {
    guard let region = region(of: address, 1) else {
      return try checkMemory(number, slot, register, address, 1, writes: false)
    }
    let end = region.start + region.size
    for byte in address..<end where pointer(byte).load(as: UInt8.self) == 0 { return }
    throw fault(slot, register: register, "helper \(HelperID(rawValue: number)): the string at r\(register) does not end in \(region.name)")
  }

  /// Takes down what a helper handed out or took back.
  func noteResult(of number: UInt32, arguments: (UInt64, UInt64, UInt64, UInt64, UInt64), result: UInt64) {
    guard let prototype = prototype(of: number) else { return }
    if number == Self.ringbufSubmit || number == Self.ringbufDiscard { borrowed.remove(startingAt: arguments.0) }
    guard result != 0 else { return }
    switch prototype.result.base {
    case .ptrToMapValue where prototype.arguments[0].base == .constMapPtr:
      let map = mapHeader(arguments.0)
      if MapType(rawValue: map.pointee.type).isMapOfMaps { innerMaps.insert(result) } else { borrow(valueAt: result, of: map) }
    case .ptrToMem where number == Self.ringbufReserve:
      borrowed.insert(
        MemoryRegion(start: result, size: UInt64(UInt32(truncatingIfNeeded: arguments.1)), kind: .record(name(of: mapHeader(arguments.0)))))
    case .ptrToMem where number == Self.dynptrData:
      borrowed.insert(MemoryRegion(start: result, size: UInt64(UInt32(truncatingIfNeeded: arguments.2)), kind: .memory))
    default: break
    }
  }

  private static let mapWriters: [UInt32] = [HelperID.mapUpdateElem, .mapDeleteElem, .mapPushElem, .mapPopElem].map(\.rawValue)
  private static let ringbufReserve = HelperID.ringbufReserve.rawValue
  private static let ringbufSubmit = HelperID.ringbufSubmit.rawValue
  private static let ringbufDiscard = HelperID.ringbufDiscard.rawValue
  private static let dynptrData = HelperID.dynptrData.rawValue

  /// Lets the program access a value of a map for the rest of the run: an element that is deleted meanwhile stays the map's memory.
  private func borrow(valueAt address: UInt64, of map: UnsafeMutablePointer<ebpf_map>) {
    let flags = MapFlags(rawValue: map.pointee.flags)
    borrowed.insert(
      MemoryRegion(
        start: address, size: UInt64(map.pointee.value_size), kind: .mapValue(name(of: map)), isWritable: !flags.contains(.readOnlyProgram))
    )
  }

  /// Lets a callback access the key and value that it is given.
  func borrowForCallback(key: UnsafeMutableRawPointer, _ map: UnsafeMutablePointer<ebpf_map>, value: UnsafeMutableRawPointer) {
    borrowed.insert(
      MemoryRegion(
        start: UInt64(UInt(bitPattern: key)), size: UInt64(map.pointee.key_size), kind: .mapKey(name(of: map)), isWritable: false))
    borrow(valueAt: UInt64(UInt(bitPattern: value)), of: map)
  }

  /// The name of a map, for messages.
  private func name(of map: UnsafeMutablePointer<ebpf_map>) -> String {
    map.pointee.owner.map { Unmanaged<UserspaceMap>.fromOpaque($0).takeUnretainedValue().spec.name } ?? ""
  }
}
