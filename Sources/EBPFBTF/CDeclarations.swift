/// Prints types as C: definitions in an order that compiles, and single declarations.
///
/// The text is that of `bpftool btf dump format c`: names that occur twice get a number (`name___2`), holes are kept by unnamed bit-fields,
/// structures whose layout asks for it are packed.
public struct CDeclarations: Sendable {
  let btf: BTF
  /// What has been printed so far.
  public internal(set) var text = ""

  enum Order: UInt8 { case unseen, open, done }
  enum Emission: UInt8 { case none, open, done }
  var orders: [Order]
  var emissions: [Emission]
  var isForwardEmitted: [Bool]
  private(set) var isReferenced: [Bool]
  var queue: [BTF.TypeID] = []
  /// How often a name of a structure, union or enumeration, or of a typedef or enumerator, has been given.
  var tagNames: [String: Int] = [:]
  var identifiers: [String: Int] = [:]
  var names: [BTF.TypeID: String] = [:]
  var alignments: [BTF.TypeID: Int] = [:]
  /// Whether anonymous structures are printed whole.
  var isExpanding = true
  /// Steps that may still be taken: a hostile blob can describe declarations without end.
  var budget: Int

  /// A printer that has printed nothing yet.
  public init(_ btf: BTF) {
    self.btf = btf
    let count = btf.count
    orders = Array(repeating: .unseen, count: count)
    emissions = Array(repeating: .none, count: count)
    isForwardEmitted = Array(repeating: false, count: count)
    isReferenced = Array(repeating: false, count: count)
    budget = 1 << 20 + 16 * btf.bytes.count + 64 * count
  }

  /// A printer for single declarations, which define nothing.
  init(single btf: BTF) {
    self.btf = btf
    orders = []
    emissions = []
    isForwardEmitted = []
    isReferenced = []
    budget = 1 << 16
  }

  /// The deepest nesting of types that is followed; the kernel's own stay below 100.
  static let deepest = 400

  /// Appends the definitions of a type and of all that it needs and that is not yet there.
  public mutating func add(_ id: BTF.TypeID) throws(BTFError) {
    if !isReferenced.contains(true) { markReferenced() }
    queue.removeAll(keepingCapacity: true)
    _ = try order(id, throughPointer: false, depth: 0)
    let ordered = queue
    for id in ordered { try emit(id, container: 0, depth: 0) }
  }

  /// Appends the definitions of all types, in the order of their ids as far as C allows.
  public mutating func addAll() throws(BTFError) {
    for id in 1..<UInt32(truncatingIfNeeded: Swift.max(1, btf.count)) { try add(id) }
  }

  /// The types of a kernel as a header for eBPF programs (`vmlinux.h`): all definitions, and the prototypes of its kfuncs.
  public static func header(_ btf: BTF, guard name: String = "__VMLINUX_H__") throws(BTFError) -> String {
    var printer = CDeclarations(btf)
    printer.text = """
      #ifndef \(name)
      #define \(name)

      #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
      #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
      #endif

      #ifndef __ksym
      #define __ksym __attribute__((section(".ksyms")))
      #endif

      #ifndef __weak
      #define __weak __attribute__((weak))
      #endif


      """
    try printer.addAll()
    try printer.addKernelFunctions()
    printer.text += """
      #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
      #pragma clang attribute pop
      #endif

      #endif /* \(name) */

      """
    return printer.text
  }

  /// The functions that carry the declaration tag `bpf_kfunc`.
  private mutating func addKernelFunctions() throws(BTFError) {
    text += "\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n"
    for id in 1..<UInt32(truncatingIfNeeded: Swift.max(1, btf.count)) {
      guard let tag = btf.type(id), tag.kind == .declarationTag, tag.componentIndex == -1,
        btf.string(at: tag.nameOffset, equals: "bpf_kfunc"),
        let function = btf.type(tag.target), function.kind == .function
      else { continue }
      text += "extern \(try declaration(function.target, function.name, level: 0, depth: 0)) __weak __ksym;\n"
    }
    text += "#endif\n\n"
  }

  // MARK: References

  private mutating func markReferenced() {
    func mark(_ id: BTF.TypeID) { if Int(id) < isReferenced.count { isReferenced[Int(id)] = true } }
    for id in 1..<UInt32(truncatingIfNeeded: Swift.max(1, btf.count)) {
      guard let type = btf.type(id) else { continue }
      switch type.kind {
      case .structure, .union: for member in type.layout { mark(member.typeID) }
      case .functionPrototype: for parameter in type.parameterTypes { mark(parameter) }
      case .dataSection: for variable in type.sectionVariables { mark(variable.typeID) }
      case .array:
        mark(type.target)
        mark(type.arrayIndexType)
      case .pointer, .typedef, .volatile, .const, .restrict, .function, .variable, .declarationTag, .typeTag: mark(type.target)
      case .void, .int, .enumeration, .enumeration64, .forward, .float: break
      }
    }
    // `void` is always there; that it is marked says that all has been looked at.
    isReferenced[0] = true
  }

  mutating func step(_ id: BTF.TypeID, _ depth: Int) throws(BTFError) {
    budget -= 1
    guard budget >= 0 else { throw BTFError(.badType, "its declaration has no end", typeID: id) }
    guard depth < CDeclarations.deepest else {
      throw BTFError(.badType, "types are nested more than \(CDeclarations.deepest) deep", typeID: id)
    }
  }

  // MARK: Order

  /// Puts a type and what it needs into ``queue``, definitions before their uses.
  /// - Returns: whether its user needs it defined; otherwise a forward declaration does.
  private mutating func order(_ id: BTF.TypeID, throughPointer: Bool, depth: Int) throws(BTFError) -> Bool {
    try step(id, depth)
    guard let type = btf.type(id), Int(id) < orders.count else { return id == 0 }
    if orders[Int(id)] == .done { return true }
    let isComposite = type.kind == .structure || type.kind == .union
    if orders[Int(id)] == .open {
      // A circle that a forward declaration can open.
      if isComposite, throughPointer, type.nameOffset != 0 { return false }
      throw BTFError(.badType, "the type contains itself", typeID: id)
    }
    switch type.kind {
    case .int, .float, .void:
      orders[Int(id)] = .done
      return false
    case .pointer:
      let isStrong = try order(type.target, throughPointer: true, depth: depth + 1)
      orders[Int(id)] = .done
      return isStrong
    case .array: return try order(type.target, throughPointer: false, depth: depth + 1)
    case .const, .volatile, .restrict, .typeTag: return try order(type.target, throughPointer: throughPointer, depth: depth + 1)
    case .structure, .union:
      if throughPointer, type.nameOffset != 0 { return false }
      orders[Int(id)] = .open
      for member in type.layout { _ = try order(member.typeID, throughPointer: false, depth: depth + 1) }
      if type.nameOffset != 0 { queue.append(id) }
      orders[Int(id)] = .done
      return true
    case .enumeration, .enumeration64, .forward:
      if type.nameOffset != 0 || !isReferenced[Int(id)] { queue.append(id) }
      orders[Int(id)] = .done
      return true
    case .typedef:
      let isStrong = try order(type.target, throughPointer: throughPointer, depth: depth + 1)
      if throughPointer, !isStrong { return false }
      if orders[Int(id)] != .done { queue.append(id) }
      orders[Int(id)] = .done
      return true
    case .functionPrototype:
      var isStrong = try order(type.target, throughPointer: throughPointer, depth: depth + 1)
      for parameter in type.parameterTypes where try order(parameter, throughPointer: throughPointer, depth: depth + 1) { isStrong = true }
      return isStrong
    case .function, .variable, .dataSection, .declarationTag:
      orders[Int(id)] = .done
      return false
    }
  }
}
