internal import EBPFBTF

/// Arguments of the kernel's functions, by their names: what contexts such as `FunctionEntry<do_unlinkat>` have.
extension KernelModuleWriter {
  mutating func writeCalls() {
    guard !tokens.calls.isEmpty else { return }
    var names: Set<String> = []
    for call in tokens.calls { names.formUnion([call.function, Self.functionName(call)]) }
    let functions = Dictionary(btf.types(btf.ownTypes(of: [.function]), named: names).map { ($0.name, $0.id) }) { first, _ in first }
    var declared: Set<String> = []
    for call in tokens.calls.sorted(by: { ($0.function, $0.context) < ($1.function, $1.context) }) {
      guard let id = functions[Self.functionName(call)], let function = btf.type(id), let prototype = btf.type(function.target) else {
        continue
      }
      if declared.insert(call.function).inserted, references.types[call.function] == nil {
        text += "public enum \(Self.spelled(call.function)) {}\n"
      }
      write(call, prototype)
    }
  }

  /// The function whose arguments a program gets.
  private static func functionName(_ call: KernelTokens.Call) -> String {
    switch call.context {
    case "BTFTracepoint": "__bpf_trace_\(call.function)"
    case "SecurityHook": "bpf_lsm_\(call.function)"
    default: call.function
    }
  }

  private mutating func write(_ call: KernelTokens.Call, _ prototype: BTFType) {
    // The first argument of a tracepoint's function is the tracepoint's own.
    let parameters = call.context == "BTFTracepoint" ? Array(prototype.parameters.dropFirst()) : prototype.parameters
    var body = ""
    var place = 0
    var list: [String] = []
    for parameter in parameters where !parameter.name.isEmpty {
      let slots = (btf.size(of: parameter.typeID) ?? 8) > 8 ? 2 : 1
      defer { place += slots }
      guard slots == 1, let shape = shape(of: parameter.typeID, owner: call.function, member: parameter.name),
        let read = Self.read(shape, place)
      else { continue }
      list.append("\(parameter.name): \(shape.name)")
      guard tokens.members.contains(parameter.name), !Self.ofContexts.contains(parameter.name) else { continue }
      body += "  @inline(__always) public var \(Self.spelled(parameter.name)): \(shape.name) { \(read) }\n"
    }
    if call.context == "FunctionExit", let shape = shape(of: prototype.target, owner: call.function, member: "returned"),
      let read = Self.read(shape, parameters.count)
    {
      list.append("returned: \(shape.name)")
      body += "  @inline(__always) public var returned: \(shape.name) { \(read) }\n"
    }
    arguments["\(call.context)<\(call.function)>"] = list.map { $0.replacing("Kernel.", with: "") }
    guard !body.isEmpty else { return }
    text += "extension \(call.context) where Function == \(Self.spelled(call.function)) {\n\(body)}\n"
  }

  private static let ofContexts: Set<String> = ["pointer", "rawPointer", "result", "argument", "argumentCount", "functionAddress"]

  /// The expression that gives an argument.
  private static func read(_ shape: Shape, _ place: Int) -> String? {
    switch shape {
    case .integer: "\(shape.name)(truncatingIfNeeded: self[\(place)])"
    case .boolean: "self[\(place)] & 0xff != 0"
    case .enumeration(_, let bits, let isSigned):
      "\(shape.name)(rawValue: \(isSigned ? "Int" : "UInt")\(bits)(truncatingIfNeeded: self[\(place)]))"
    case .pointer: "unsafeBitCast(self[\(place)], to: (\(shape.name)).self)"
    case .object, .array: nil
    }
  }
}
