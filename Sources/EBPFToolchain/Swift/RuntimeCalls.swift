/// What calls into Swift's runtime and library stand for: the features that need them, in the words of whoever writes programs.
///
/// Swift makes such calls where a feature needs a heap, reference counts or a C library. A program has none of these. The lowering leaves
/// the calls as undefined symbols; those that the optimizer does not remove are still there in the object.
enum RuntimeCalls {
  /// What a symbol stands for, and what to write instead; `nil` where it is no call of Swift's.
  static func meaning(of symbol: String) -> (message: String, help: String, rank: SourceProblem.Rank)? {
    for entry in table where symbol == entry.symbol || (entry.symbol.last == "*" && symbol.hasPrefix(entry.symbol.dropLast())) {
      let isVague = entry.symbol.last == "*" || entry.message == heap.message || entry.message == counted.message
      return (entry.message, entry.help, isVague ? .consequence : .library)
    }
    return nil
  }

  private static let heap = (
    message: "this needs memory from a heap, as Array, Dictionary, Set and String do, and eBPF programs have none",
    help: "an array of fixed size is InlineArray; what is shared between runs or grows belongs in a map"
  )
  private static let counted = (
    message: "this keeps a reference-counted value: a class instance, a closure, the storage of an Array, and eBPF programs have none",
    help: "use a struct in the place of a class, and InlineArray in the place of Array; closures must not outlive their call"
  )

  /// Symbols, with `*` at the end for all that begin so; the first that fits counts.
  private static let table: [(symbol: String, message: String, help: String)] = [
    (
      "swift_allocObject", "a class instance or an escaping closure is made here, and eBPF programs have no heap",
      "use a struct; keep closures from being stored or returned (they may be passed down to functions)"
    ),
    ("swift_initStackObject", "a class instance is made here, and eBPF programs have no classes that outlive a function", "use a struct"),
    (
      "swift_initStaticObject", "a global that holds a class instance or an array is used here",
      "a global table is `let table: InlineArray<4, UInt32> = [1, 2, 3, 4]`; what changes belongs in a map"
    ),
    ("swift_allocEmptyBox", heap.message, heap.help),
    (
      "swift_allocBox", "a variable that an escaping closure captures is made here, and eBPF programs have no heap",
      "keep the closure from escaping, or pass the value to it"
    ),
    (
      "swift_slowAlloc", "memory is taken here whose size is known only at run time, and eBPF programs have no heap",
      "write an InlineArray of the largest size"
    ),
    (
      "swift_coroFrameAlloc", "this accessor needs a frame on a heap",
      "mark it @inline(__always), or read and write the value with get and set"
    ),
    ("swift_retain*", counted.message, counted.help),
    ("swift_release*", counted.message, counted.help),
    ("swift_bridgeObject*", counted.message, counted.help),
    ("swift_isUniquelyReferenced*", "an array or another growing collection is changed here, and eBPF programs have no heap", heap.help),
    ("swift_dealloc*", heap.message, heap.help),
    ("swift_slowDealloc", heap.message, heap.help),
    ("swift_setDeallocating", counted.message, counted.help),
    (
      "swift_once", "this global is made when it is first used, and its value cannot be computed now",
      "make its value a constant expression, or a `var` that a program sets; tables belong in a map"
    ),
    (
      "swift_dynamicCast*", "a cast that is decided at run time needs type descriptions, and eBPF programs have none",
      "write a generic function, or an enum with one case a type"
    ),
    (
      "swift_getGenericMetadata", "this needs type descriptions at run time, and eBPF programs have none",
      "make the function generic over a concrete type"
    ),
    ("swift_willThrow*", "an error of any type is thrown here, which needs a heap", "name the type: `throws(ParseError)`"),
    ("swift_unexpectedError", "`try!` can fail here", "handle the error: `do { … } catch { … }`, or `try?`"),
    ("swift_errorInMain", "an error leaves the program here", "handle it: `do { … } catch { … }`"),
    ("swift_deletedMethodError", "a method of a class that was not kept is called here", "use a struct"),
    ("swift_beginAccess", "exclusive access is checked at run time here", "compile without -enforce-exclusivity=checked"),
    (
      "swift_*", "this calls Swift's run-time library, and eBPF programs have none",
      "write it with what programs have: integers, InlineArray, Span, optionals, structs and enums"
    ),
    (
      "_swift_*", "this calls Swift's run-time library, and eBPF programs have none",
      "write it with what programs have: integers, InlineArray, Span, optionals, structs and enums"
    ),
    ("malloc", heap.message, heap.help), ("posix_memalign", heap.message, heap.help), ("aligned_alloc", heap.message, heap.help),
    ("free", heap.message, heap.help),
    ("putchar", "print writes to a terminal, and eBPF programs have none", "use trace(\"…\", value), or a ring buffer"),
    (
      "arc4random_buf", "hashing and random numbers of Swift's library need the system",
      "random numbers are Random.next; keys of maps need no hashing"
    ),
    (
      "$s*", "this function of Swift's library cannot be part of an eBPF program",
      "write it with what programs have: integers, InlineArray, Span, optionals, structs and enums"
    ),
    (
      "$e*", "this function cannot be part of an eBPF program",
      "write it with what programs have: integers, InlineArray, Span, optionals, structs and enums"
    ),
    (
      "__mulodi4", "a multiplication of 64-bit numbers with its overflow checked needs 128 bits here", "use &*, or multiply smaller numbers"
    ),
    (
      "__*di3", "floating-point or 128-bit arithmetic needs library functions here",
      "use integers; fixed-point numbers scale them: `value &* 1000 / total`"
    ),
    ("__*", "this arithmetic needs library functions, and eBPF programs have none", "use integers of at most 64 bits"),
  ]
}
