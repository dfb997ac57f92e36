/// A feature of Swift that needs a heap, type descriptions or a C library, and where a program uses it.
///
/// It is no fault in itself: the optimizer removes much of it. Where it does not, this names the feature by what the programmer wrote, and
/// not by the call of the run-time library that is left.
struct LibraryUse: Hashable, Sendable {
  enum Feature: Hashable, Sendable {
    case printing
    case set
    case dictionary
    case string
    case array
    case randomNumbers
    case hashing
    /// An instance of a class of the program's, by the class's name.
    case instance(String)
    case closure
    case box

    /// Which of several on a line says most: what is made of others comes before them.
    var order: Int {
      switch self {
      case .printing: 0
      case .set: 1
      case .dictionary: 2
      case .string: 3
      case .randomNumbers: 4
      case .hashing: 5
      case .array: 6
      case .instance: 7
      case .closure: 8
      case .box: 9
      }
    }
  }

  var feature: Feature
  var file: String
  var line: Int
  var column: Int

  static let printing = (
    message: "print writes to standard output, and eBPF programs have none",
    help: "printk(\"queue %u\", number) writes to the kernel's trace buffer; what the application is to read goes into a RingBuffer"
  )

  /// What the feature needs that there is not, and what to write instead.
  var words: (message: String, help: String) {
    switch feature {
    case .printing: Self.printing
    case .set:
      (
        "a Set keeps its members on a heap, and eBPF programs have none",
        "write a map: let seen = HashMap<Member, UInt8>(maxEntries: 1024); a set of small numbers is the bits of a UInt64"
      )
    case .dictionary:
      (
        "a Dictionary keeps its elements on a heap, and eBPF programs have none",
        "write a map, outside of functions: let counts = HashMap<Key, Value>(maxEntries: 1024)"
      )
    case .string:
      (
        "a String that is made or compared at run time needs a heap and tables, and eBPF programs have none",
        "a fixed text is a StaticString, bytes are an InlineArray<16, UInt8>, and printk(\"queue %u\", number) prints numbers"
      )
    case .array:
      (
        "an Array keeps its elements on a heap, and eBPF programs have none",
        "a fixed number of elements is an InlineArray<4, Element>; what grows or outlives a run belongs in a map"
      )
    case .randomNumbers: ("random numbers of Swift's library come from the system", "write Random.next, or Random.next(below: 10)")
    case .hashing: ("a Hasher needs a seed of the system", "keys of maps need no hashing; of bytes of your own a loop makes a hash")
    case .instance(let name):
      (
        "an instance of the class '\(name)' lives on a heap, and eBPF programs have none",
        "make '\(name)' a struct; what outlives a run of the program belongs in a map"
      )
    case .closure:
      (
        "this closure outlives the call that makes it, and what it captures needs a heap, which eBPF programs have not",
        "pass closures to functions that call them; in the place of a closure that is kept write an enum and a function with a switch"
      )
    case .box:
      (
        "this variable is captured by a closure that outlives it, and needs a heap, which eBPF programs have not",
        "pass the value to the closure, or let the closure only be called, not kept"
      )
    }
  }
}

extension Lowering {
  /// What reachable code of the user's uses, in the order of the text, a feature once a line.
  func libraryUses(in ir: [UInt8]) -> [LibraryUse] {
    guard let module = try? IRReader.read(ir, keepsDebugRecords: false) else { return [] }
    var unit = LoweringUnit(module, options)
    unit.findPrograms()
    guard (try? unit.evaluateInitializers()) != nil else { return [] }
    unit.markReachable()
    return unit.libraryUses()
  }
}

extension LoweringUnit {
  fileprivate mutating func libraryUses() -> [LibraryUse] {
    var found: Set<LibraryUse> = []
    for function in module.functions.indices where isUserFunction(function) {
      for block in module.functions[function].blocks {
        for instruction in block.instructions {
          guard let place = userLocation(instruction.location) else { continue }
          var features = scopes(instruction.location).compactMap { Self.feature(ofSymbol: $0) }
          if let called = instruction.calledSymbol {
            if let feature = Self.feature(ofSymbol: module.names[called]) { features.append(feature) }
            if let feature = allocation(instruction, called) { features.append(feature) }
          }
          for feature in features {
            found.insert(LibraryUse(feature: feature, file: path(ofFile: place.file), line: Int(place.line), column: Int(place.column)))
          }
        }
      }
    }
    return found.sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
  }

  /// The symbols of the functions that were inlined at a place, down to the first of the user's.
  private func scopes(_ location: Int32) -> [String] {
    var result: [String] = []
    var current: UInt32? = location < 0 ? nil : UInt32(location)
    while let node = current, result.count < 64 {
      var scope = module.metadata.node(node, .scope)
      while let inner = scope, module.metadata.kind(inner) != .DISubprogram { scope = module.metadata.node(inner, .scope) }
      if let scope {
        if let file = module.metadata.node(scope, .file), isUserFile(file), module.metadata.integer(node, .line) ?? 0 > 0 { return result }
        if let name = module.metadata.string(scope, .linkageName) { result.append(module.names[name]) }
      }
      current = module.metadata.node(node, .inlinedAt)
    }
    return result
  }

  /// What a function of Swift's library belongs to, by its mangled name.
  private static func feature(ofSymbol symbol: String) -> LibraryUse.Feature? {
    guard symbol.hasPrefix("$e") || symbol.hasPrefix("$s") else { return nil }
    let name = symbol.dropFirst(2)
    let table: [(String, LibraryUse.Feature)] = [
      ("s5print", .printing), ("Sh", .set), ("s10_NativeSet", .set), ("s11_SetStorage", .set), ("SD", .dictionary),
      ("s17_NativeDictionary", .dictionary), ("s18_DictionaryStorage", .dictionary), ("s20_RawDictionaryStorage", .dictionary),
      ("SS", .string), ("SJ", .string), ("Ss", .string), ("s11_StringGuts", .string), ("s13_StringObject", .string),
      ("s26DefaultStringInterpolation", .string), ("s27_stringCompare", .string), ("s15_StringGutsSlice", .string), ("Sa", .array),
      ("s12_ArrayBuffer", .array), ("s16_ArrayBuffer", .array), ("s22_ContiguousArrayBuffer", .array),
      ("s23_ContiguousArrayStorage", .array), ("s15ContiguousArray", .array), ("s10ArraySlice", .array),
      ("s27_allocateUninitializedArray", .array), ("s6Hasher", .hashing), ("s13_hashValue", .hashing),
      ("s27SystemRandomNumberGenerator", .randomNumbers),
    ]
    if name.hasPrefix("ss17FixedWidthInteger"), name.contains("6random2in") { return .randomNumbers }
    return table.first { name.hasPrefix($0.0) }?.1
  }

  /// What a call of the allocator makes, by the description that it is given.
  private func allocation(_ call: IRInstruction, _ symbol: IRName) -> LibraryUse.Feature? {
    switch module.names[symbol] {
    case "swift_allocBox": return .box
    case "swift_allocObject", "swift_initStackObject":
      guard let described = call.operands.first?.value.global else { return nil }
      let name = module.names[described]
      guard name.hasPrefix("$e"), !name.hasPrefix("$es") else { return name.hasPrefix("metadata") ? .closure : nil }
      return Self.className(inSymbol: name).map { .instance($0) }
    default: return nil
    }
  }

  /// The class of a mangled name: `$e4main3BoxCN` is `Box`; `nil` where it is told in another way.
  private static func className(inSymbol symbol: String) -> String? {
    let (names, rest) = names(inSymbol: symbol)
    return rest == UInt8(ascii: "C") ? names.last : nil
  }
}

extension LoweringUnit {
  /// The names that a mangled name begins with, from the module on, through the types around the last; and the letter behind them.
  static func names(inSymbol symbol: String) -> (names: [String], rest: UInt8?) {
    var rest = Array(symbol.utf8.dropFirst(2))[...]
    var names: [String] = []
    while let byte = rest.first {
      // A struct, an enum, or the module once more.
      if byte == UInt8(ascii: "V") || byte == UInt8(ascii: "O") || byte == UInt8(ascii: "A") {
        rest.removeFirst()
        continue
      }
      var count = 0
      while let digit = rest.first, (0x30...0x39).contains(digit) {
        count = count * 10 + Int(digit - 0x30)
        rest.removeFirst()
      }
      guard count > 0, rest.count >= count else { return (names, byte) }
      names.append(String(decoding: rest.prefix(count), as: UTF8.self))
      rest = rest.dropFirst(count)
    }
    return (names, nil)
  }
}
