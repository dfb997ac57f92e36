internal import EBPFBTF
internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

/// What the rules ask of a function of the program (`struct bpf_subprog_info`).
struct FunctionModel {
  let name: String
  /// Its slots.
  let start: Int
  let end: Int
  /// Its `BTF_KIND_FUNC`, 0 without.
  let typeID: BTF.TypeID
  /// It is proved on its own, from its prototype, and calls of it only compare arguments.
  let isGlobal: Bool

  var hasTailCall = false
  var hasPacketLoad = false
  /// A helper that it calls, directly or not, may move the packet.
  var changesPacket = false
  var isCallback = false
  /// Bytes of stack that it uses, a multiple of 8.
  var stackDepth = 0
  /// What lies below this offset from r10 is only for registers saved around calls (`fastcall_stack_off`); 0 before any is.
  var fastcallOffset = 0
  /// The kernel takes saves of registers around some call out, or would but for another call's that it does not know well enough.
  var dropsSaves = false
  var keepsFastcallStack = false

  /// Bytes of stack that it uses once saved registers are taken out (`remove_fastcall_spills_fills`).
  var keptStackDepth: Int { dropsSaves && !keepsFastcallStack ? -fastcallOffset : stackDepth }

  // Global functions.
  var arguments: [Argument] = []
  /// What is wrong with the prototype, where it cannot be used.
  var problem: String?
  var isCalled = false
  var isProved = false

  /// What a global function may be called with (`struct bpf_subprog_arg_info`).
  enum Argument: Equatable {
    case scalar
    case context
    case memory(size: Int, mayBeNull: Bool)
    /// A kind of argument that is not known yet.
    case unsupported(String)
  }
}

/// Arguments of a global function from its prototype (`btf_prepare_func_args`).
struct GlobalFunctionReader {
  let btf: BTF
  let contextNames: [String]

  enum Problem: Error {
    case unsafe(String)
    case unsupported(String)
  }

  /// - Parameter tags: the declaration tags of the function's arguments, `arg:nonnull`, by argument.
  func arguments(of function: FunctionModel, tags: [Int: Set<String>]) throws(Problem) -> [FunctionModel.Argument] {
    guard let type = btf.type(function.typeID), type.kind == .function, let prototype = btf.type(type.target),
      prototype.kind == .functionPrototype
    else { throw .unsafe("Invalid BTF of func \(function.name)") }
    let parameters = prototype.parameters
    if parameters.count > 5 {
      throw .unsafe("Global function \(function.name)() with \(parameters.count) > 5 args. Buggy compiler.")
    }
    guard let result = btf.resolve(prototype.target), isScalar(result) else {
      throw .unsafe("Global function \(function.name)() doesn't return scalar. Only those are supported.")
    }
    var arguments: [FunctionModel.Argument] = []
    for (index, parameter) in parameters.enumerated() {
      arguments.append(try argument(parameter.typeID, index, function.name, tags[index] ?? []))
    }
    return arguments
  }

  private func isScalar(_ type: BTFType) -> Bool {
    type.kind == .int || type.kind == .enumeration || type.kind == .enumeration64
  }

  private func argument(
    _ id: BTF.TypeID, _ index: Int, _ name: String, _ tags: Set<String>
  ) throws(Problem) -> FunctionModel.Argument {
    guard let type = btf.resolve(id) else { throw .unsafe("Arg#\(index) type VOID in \(name)() is not supported yet.") }
    if isScalar(type) { return .scalar }
    guard type.kind == .pointer else { throw .unsafe("Arg#\(index) type \(type.kind) in \(name)() is not supported yet.") }
    for tag in tags where tag != "arg:nonnull" && tag != "arg:ctx" && tag != "arg:nullable" {
      return .unsupported("argument tag \(tag)")
    }
    if tags.contains("arg:ctx") { return .context }
    guard let target = btf.resolve(type.target) else {
      // A pointer to void.
      throw .unsafe("arg#\(index) reference type('UNKNOWN ') size cannot be determined: -22")
    }
    if target.kind == .structure || target.kind == .union || target.kind == .forward, contextNames.contains(target.name) { return .context }
    if target.kind == .structure, target.name == "bpf_dynptr" { return .unsupported("dynptr argument") }
    if tags.contains("arg:nullable") { return .unsupported("argument tag arg:nullable") }
    guard let size = btf.size(of: target.id) else {
      throw .unsafe("arg#\(index) reference type('\(target.kind) \(target.name)') size cannot be determined: -22")
    }
    return .memory(size: size, mayBeNull: !tags.contains("arg:nonnull"))
  }

  /// The argument tags of every function that has some.
  static func tags(in btf: BTF) -> [BTF.TypeID: [Int: Set<String>]] {
    var result: [BTF.TypeID: [Int: Set<String>]] = [:]
    for id in btf.ownTypeIDs {
      guard let type = btf.type(id), type.kind == .declarationTag, let component = type.componentIndex, component >= 0 else { continue }
      let name = type.name
      guard name.utf8.starts(with: "arg:".utf8), btf.type(type.target)?.kind == .function else { continue }
      result[type.target, default: [:]][component, default: []].insert(name)
    }
    return result
  }
}
