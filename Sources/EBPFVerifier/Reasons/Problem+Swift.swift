internal import EBPFTables

extension Problem {
  /// What to write instead in a program in Swift, with the module `BPF`; the same as in C where the language makes no difference.
  func swiftSuggestion(for type: ProgramType) -> String {
    switch self {
    case .uninitializedRegister:
      "Memory is read that was never written, through a pointer or in a buffer. Give the variable a value where it is declared."
    case .packetBounds:
      "These bytes may be past the packet's end. Read them by what checks that: `guard let ip = ctx.packet.ipv4 else { return "
        + (type == .xdp ? ".pass" : "…") + " }`, or `ctx.packet.load(UInt16.self, at: 12)`."
    case .packetWrite: "Programs of this kind may read the packet, not write it; some have a function for it, such as `ctx.store(_:at:)`."
    case .nullCheck: "The pointer may be null here: `guard let value = map[key] else { return … }`, and use `value`."
    case .offset:
      "The index has no bound that holds on this path. Compare it first, `guard index < 16 else { return … }`, mask it, `index & 15`, or use "
        + "an InlineArray, which checks its index."
    case .mapBounds:
      "The access can leave the map's value. Let the value be a struct or an InlineArray, whose index is checked, and not a pointer that is "
        + "moved."
    case .stackBounds: "The stack has 512 bytes. Keep large values in a map: one element of a PerCPUArrayMap is scratch memory."
    case .stackUninitialized: "Bytes are passed on that were never written: give the variable a value, in a buffer to every byte."
    case .leakedReference:
      "What was taken on this path is never given back. Take it by what gives it back of itself (`RingBuffer.reserve()`, `withReadLock`), or "
        + "give it back on every way out."
    case .number:
      "A number is used as an address: a pointer that was kept in a map, or computed. Keep the value itself, or read memory at an address by "
        + "bpf_probe_read_kernel() or bpf_probe_read_user()."
    case .mapPointer:
      "A map is no value that programs read or write: declare it by `let`, at the top level or `static`, and use its functions."
    case .licence: "The helper is only for programs under the GPL: `let license = License.gpl`."
    case .tooComplex:
      "The program has too many paths. Bound its loops by smaller constants, or write them by `loop(count) { … }` or `bounded(range)`."
    case .infiniteLoop:
      "The loop may never end. Count its turns, `for _ in 0..<64 { … }`, or let the kernel do so: `while mayContinue(), … { }`, "
        + "`for index in bounded(0..<count)`."
    case .zeroSize: "The length can be 0 on this path, which the helper does not take: `guard length > 0 else { return … }`."
    case .length:
      "The length has no bound that fits the memory: `guard length <= 64 else { return … }`, with an unsigned number."
    case .argument:
      "The argument must be another kind of pointer: one to memory of the kind that the helper's description names (bpf-helpers(7))."
    case .notGlobal: "Leave `@used` out where the function has no section, or give it arguments that are numbers or pointers."
    case .depth:
      "Calls nest too deep, or their stacks are together over 512 bytes. Leave `@inline(never)` out, or keep large values in a PerCPUArrayMap."
    default: suggestion(for: type)
    }
  }
}
