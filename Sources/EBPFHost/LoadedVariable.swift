public import EBPFBTF
public import EBPFObject

/// The global variables of what was loaded, by number and by name.
public struct LoadedVariables: Sendable, RandomAccessCollection {
  let loaded: Loaded

  public var startIndex: Int { 0 }
  public var endIndex: Int { loaded.object.variables.count }
  public subscript(position: Int) -> LoadedVariable { LoadedVariable(loaded.object.variables[position], loaded) }

  /// The variable of that name; `nil` where the object has none.
  public subscript(name: String) -> LoadedVariable? {
    loaded.object.variables.first { $0.name == name }.map { LoadedVariable($0, loaded) }
  }
}

extension Loaded {
  /// The global variables, which programs and the application share: `.data` and `.bss` to read and write, `.rodata` to read.
  public var variables: LoadedVariables { LoadedVariables(loaded: self) }

  /// The variable of that name, seen with the application's type.
  /// - Throws: ``HostError`` with ``HostError/Code/notFound``, naming those that there are, or with ``HostError/Code/badArgument`` where its
  ///   type is another.
  public func variable<Value: BitwiseCopyable>(_ name: String, as type: Value.Type = Value.self) throws(HostError) -> Variable<Value> {
    guard let variable = variables[name] else {
      let names = object.variables.map(\.name).joined(separator: ", ")
      throw HostError(.notFound, "no variable '\(name)' is loaded; " + (names.isEmpty ? "there are none" : "there are: \(names)"))
    }
    return try variable.typed()
  }
}

/// A global variable that programs and the application share. It keeps all that was loaded with it.
public struct LoadedVariable: Sendable {
  /// Where it lies.
  public let spec: VariableSpec
  let loaded: Loaded

  init(_ spec: VariableSpec, _ loaded: Loaded) {
    self.spec = spec
    self.loaded = loaded
  }

  /// The data section that it lies in.
  public var map: Map { loaded.maps[spec.map] }

  /// Its bytes as they are now.
  public var bytes: [UInt8] {
    get throws(HostError) { try map.backend.readData(spec.offset..<spec.offset + spec.size) }
  }

  /// What it is now, by the object's types; `nil` where they do not say.
  public var decoded: BTFValue? {
    get throws(HostError) { loaded.object.value(of: try bytes, as: spec.typeID) }
  }

  /// The variable with the application's type.
  /// - Throws: ``HostError`` with ``HostError/Code/badArgument``, naming the sizes or the field.
  public func typed<Value: BitwiseCopyable>(as type: Value.Type = Value.self) throws(HostError) -> Variable<Value> {
    try Variable(self)
  }

  /// What it is now. Numbers of up to eight bytes are read at once, larger values while programs may write to them.
  public func value<Value: BitwiseCopyable>(as type: Value.Type = Value.self) throws(HostError) -> Value { try typed().value }

  /// Changes it for the programs. Numbers of up to eight bytes are written at once.
  /// - Throws: ``HostError`` with ``HostError/Code/badArgument`` where the value does not fit, with the errno `EPERM` where it is a constant:
  ///   those are set before the object is loaded (``ObjectSpec/variables``).
  public func set<Value: BitwiseCopyable>(_ value: Value) throws(HostError) { try typed().set(value) }
}

/// A ``LoadedVariable`` with the application's type.
public struct Variable<Value: BitwiseCopyable>: Sendable {
  /// The variable as bytes.
  public let variable: LoadedVariable
  private let padding: [Range<Int>]

  init(_ variable: LoadedVariable) throws(HostError) {
    self.variable = variable
    let btf = variable.loaded.object.btf
    let spec = variable.spec
    if let reason = ObjectVariable.refusal(of: Value.self, spec, btf?.networkTypeName(of: spec.typeID)) {
      throw HostError(.badArgument, reason)
    }
    let layout = RecordLayout(Value.self)
    if spec.typeID != 0, let btf, let reason = layout.disagreement(with: btf, spec.typeID) {
      throw HostError(.badArgument, "variable '\(spec.name)': \(reason)")
    }
    padding = layout.padding(upTo: spec.size)
  }

  /// What it is now.
  public var value: Value {
    get throws(HostError) {
      let bytes = try variable.bytes
      guard bytes.count < MemoryLayout<Value>.size else { return bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) } }
      throw HostError(.badArgument, "variable '\(variable.spec.name)' has \(bytes.count) bytes")
    }
  }

  /// Changes it for the programs; see ``LoadedVariable/set(_:)``.
  public func set(_ value: Value) throws(HostError) {
    var bytes = withUnsafeBytes(of: value) { Array($0.prefix(variable.spec.size)) }
    bytes += [UInt8](repeating: 0, count: variable.spec.size - bytes.count)
    for range in padding { for index in range { bytes[index] = 0 } }
    try variable.map.backend.writeData(bytes, at: variable.spec.offset)
  }
}
