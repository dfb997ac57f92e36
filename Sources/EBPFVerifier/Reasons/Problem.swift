internal import EBPFTables

/// The common mistakes, for which there is something to say beyond the kernel's words.
enum Problem {
  case other
  case uninitializedRegister
  case packetBounds
  case packetWrite
  case nullCheck
  case offset
  case mapBounds
  case stackBounds
  case stackUninitialized
  case contextField
  case contextPointer
  case leakedReference
  case releasedTwice
  case helperNotAllowed
  case licence
  case result
  case tooComplex
  case infiniteLoop
  case pointerArithmetic
  case zeroSize
  case length
  case argument
  case notGlobal
  case number
  case mapPointer
  case depth

  /// What to write instead, in a sentence or two.
  func suggestion(for type: ProgramType) -> String {
    switch self {
    case .other: ""
    case .uninitializedRegister:
      "A variable is used before it has a value on this path, or a value is kept in a register that a call destroyed (r1 to r5). "
        + "Give it a value where it is declared: `int x = 0;`."
    case .packetBounds:
      "The program must show that these bytes are in the packet before it touches them: `if ((void *)(header + 1) > data_end) return "
        + (type == .xdp ? "XDP_PASS" : "0") + ";`, with the same pointer that is read afterwards."
    case .packetWrite:
      "Programs of this type may read the packet through pointers, not write it; use a helper such as bpf_skb_store_bytes() where there is one."
    case .nullCheck:
      "The result may be a null pointer. Compare it first: `if (!value) return 0;`, and use the same variable afterwards."
    case .offset:
      "The offset has no bound that holds on this path. Compare the index before using it, `if (index >= LIMIT) return 0;`, keep it "
        + "unsigned, or mask it: `index &= LIMIT - 1`."
    case .mapBounds:
      "The access can leave the value. Check the index against the size, `if (index >= sizeof(array) / sizeof(array[0])) return 0;`, and use "
        + "that checked variable."
    case .stackBounds: "The stack of a function is 512 bytes, below its frame pointer. Move large data to a map (a per-CPU array, say)."
    case .stackUninitialized: "Bytes are passed on that were never written. Give the variable a value: `struct key k = {};` (padding too)."
    case .contextField: "The context has no such field for this program type, or not of this size, or it cannot be written."
    case .contextPointer:
      "The context may only be read at fixed offsets from its start: use the pointer that the program was given, unchanged."
    case .leakedReference:
      "What was taken on this path is never given back: every way out needs its bpf_sk_release(), bpf_ringbuf_submit() or "
        + "bpf_ringbuf_discard()."
    case .releasedTwice: "What is given back here was not taken, or was given back before, on this path."
    case .helperNotAllowed: "The helper does not exist for this program type; another type of program, or another helper, is needed."
    case .licence: "The helper is only for programs under a GPL-compatible licence: `char LICENSE[] SEC(\"license\") = \"GPL\";`."
    case .result: "Programs of this type must return one of a few values, and the verifier must see which: return a constant on every path."
    case .tooComplex:
      "The program has too many paths. Bound its loops by smaller constants, put their bodies into functions, or use bpf_loop()."
    case .infiniteLoop: "Nothing that this loop depends on changes from turn to turn. Count the turns: `for (int i = 0; i < LIMIT; i++)`."
    case .pointerArithmetic:
      "Only adding and subtracting numbers keeps a pointer usable; work on offsets (numbers) and add them at the end."
    case .zeroSize: "The length can be zero on this path, which the helper does not take: `if (!length) return 0;`."
    case .length:
      "The length has no bound that fits the memory: compare it first, `if (length > sizeof(buffer)) return 0;`, with an unsigned variable."
    case .argument: "The argument must be another kind of pointer; see the helper's description (bpf-helpers(7))."
    case .notGlobal: "Make the function static, or give it arguments that its prototype can describe."
    case .number:
      "A number is used as an address: a pointer that was kept in a map, or computed. Keep the value itself, or read memory at an address by "
        + "bpf_probe_read_kernel() or bpf_probe_read_user()."
    case .mapPointer: "A map is no memory of the program's; it is read and written by helpers: bpf_map_lookup_elem()."
    case .depth: "Calls nest too deep, or their stacks are together over 512 bytes. Make functions inline, or move data to a map."
    }
  }
}
