public import EBPFBTF

/// A global variable of an object: bytes in a data section's map.
public struct VariableSpec: Sendable, Hashable {
  /// What it is called.
  public var name: String
  /// Index in ``ObjectSpec/maps``.
  public var map: Int
  /// Bytes from the section's start, and size in bytes.
  public var offset: Int
  public var size: Int
  /// Its type in the object's BTF, 0 without.
  public var typeID: BTF.TypeID
  /// Why the value that it was last set to does not fit; a host that loads the object says so. `nil` where all is well.
  public internal(set) var refusal: String?

  public init(name: String, map: Int, offset: Int, size: Int, typeID: BTF.TypeID = 0) {
    self.name = name
    self.map = map
    self.offset = offset
    self.size = size
    self.typeID = typeID
  }
}

/// The global variables of an object, by number and by name. What is set here is what the programs find when the object is loaded.
public struct ObjectVariables: Sendable, RandomAccessCollection {
  var specs: [VariableSpec]
  var maps: [MapSpec]
  let btf: BTF?

  public var startIndex: Int { 0 }
  public var endIndex: Int { specs.count }
  public subscript(position: Int) -> VariableSpec { specs[position] }

  /// The variable of that name, to read and to set; `nil` where the object has none.
  /// ```swift
  /// object.variables["targetPort"]?.set(443 as UInt16)
  /// ```
  public subscript(name: String) -> ObjectVariable? {
    get {
      guard let spec = specs.first(where: { $0.name == name }) else { return nil }
      return ObjectVariable(spec: spec, bytes: bytes(of: spec), networkType: btf?.networkTypeName(of: spec.typeID))
    }
    set {
      guard let newValue, let index = specs.firstIndex(where: { $0.name == name }) else { return }
      specs[index].refusal = newValue.spec.refusal
      write(newValue.bytes, of: specs[index])
    }
  }

  private func bytes(of spec: VariableSpec) -> [UInt8] {
    // A section without contents is all zero.
    guard maps.indices.contains(spec.map), case .bytes(let all)? = maps[spec.map].contents.first?.value,
      spec.offset >= 0, spec.size >= 0, spec.offset + spec.size <= all.count
    else { return [UInt8](repeating: 0, count: Swift.max(0, spec.size)) }
    return Array(all[spec.offset..<spec.offset + spec.size])
  }

  private mutating func write(_ bytes: [UInt8], of spec: VariableSpec) {
    guard maps.indices.contains(spec.map), spec.offset >= 0, spec.offset + bytes.count <= maps[spec.map].valueSize else { return }
    guard bytes != self.bytes(of: spec) else { return }
    var all: [UInt8] = []
    if case .bytes(let present)? = maps[spec.map].contents.first?.value {
      all = present
      maps[spec.map].contents = []
    }
    all += [UInt8](repeating: 0, count: Swift.max(0, maps[spec.map].valueSize - all.count))
    all.replaceSubrange(spec.offset..<spec.offset + bytes.count, with: bytes)
    maps[spec.map].contents = [MapSpec.Entry(key: [0, 0, 0, 0], value: .bytes(all))]
  }
}

/// A global variable of an object that is not loaded yet.
public struct ObjectVariable: Sendable {
  /// Where it lies.
  public private(set) var spec: VariableSpec
  /// Its bytes, in the object's byte order.
  public private(set) var bytes: [UInt8]
  /// The type's name where its bytes are in network order.
  private let networkType: String?

  init(spec: VariableSpec, bytes: [UInt8], networkType: String?) {
    self.spec = spec
    self.bytes = bytes
    self.networkType = networkType
  }

  /// Gives the variable the value that programs find when they are loaded.
  ///
  /// A value of another size does not fit, nor does an integer where the type is in network order (`Port(443)`, not `443`). It changes nothing,
  /// ``VariableSpec/refusal`` says why, and a host refuses to load the object; ``ObjectSpec/setVariable(_:to:)`` throws at once.
  public mutating func set<Value: BitwiseCopyable>(_ value: Value) {
    spec.refusal = Self.refusal(of: Value.self, spec, networkType)
    guard spec.refusal == nil else { return }
    bytes = withUnsafeBytes(of: value) { Array($0.prefix(spec.size)) }
    // A type whose alignment pads it (`stride` over `size`).
    bytes += [UInt8](repeating: 0, count: spec.size - bytes.count)
  }

  /// The value; `nil` where the type has another size than the variable.
  public func value<Value: BitwiseCopyable>(as type: Value.Type = Value.self) -> Value? {
    guard MemoryLayout<Value>.size <= bytes.count, Self.refusal(of: type, spec, networkType) == nil else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
  }

  /// Why a type does not fit a variable; `nil` where it does.
  package static func refusal<Value>(of type: Value.Type, _ spec: VariableSpec, _ networkType: String?) -> String? {
    guard MemoryLayout<Value>.size == spec.size || MemoryLayout<Value>.stride == spec.size else {
      return "variable '\(spec.name)' has \(spec.size) bytes; \(Value.self) has \(MemoryLayout<Value>.size)"
    }
    if let networkType, Value.self is any FixedWidthInteger.Type {
      return "variable '\(spec.name)' is a \(networkType), in network byte order; \(Value.self) is in the machine's: use \(networkType)"
    }
    return nil
  }
}

extension ObjectSpec {
  /// Gives a global variable the value that programs find when they are loaded.
  /// - Throws: ``ObjectError`` with ``ObjectError/Code/badVariable`` where there is no such variable, or the value does not fit it.
  public mutating func setVariable<Value: BitwiseCopyable>(_ name: String, to value: Value) throws(ObjectError) {
    guard var variable = variables[name] else {
      let names = variables.map(\.name).joined(separator: ", ")
      throw ObjectError(.badVariable, "the object has no variable '\(name)'; " + (names.isEmpty ? "it has none" : "it has: \(names)"))
    }
    variable.set(value)
    if let refusal = variable.spec.refusal { throw ObjectError(.badVariable, refusal) }
    variables[name] = variable
  }
}
