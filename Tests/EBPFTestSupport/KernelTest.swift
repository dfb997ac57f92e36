package import EBPFBTF
package import EBPFISA
package import EBPFObject
internal import EBPFTables

/// One of the kernel's own verifier tests, as a program that a verifier of this package can be asked about, with what the kernel said.
package struct KernelTest: Sendable {
  /// What a kernel said of the test, as it was recorded.
  package struct Verdict: Sendable {
    package var isAccepted: Bool
    /// `BPF_F_*` of the load.
    package var flags: UInt32
    package var log: String
    package var instructionsProcessed: Int
    package var microseconds: Int
  }

  /// `atomic_and.c#3`, `verifier_bounds/crossing_32_bit_signed_boundary_2`.
  package var id: String
  /// Without its extension: `atomic_and`, `verifier_bounds`.
  package var file: String
  package var program: ProgramSpec
  package var object: ObjectSpec
  /// Names of kernel functions that the program calls.
  package var kernelFunctions: [String]
  /// `nil` where this kernel came to no verdict that says something of the program: a program type that it blocks, a module that is not there.
  package var verdict: Verdict?
  /// The same without capabilities, where that was recorded.
  package var unprivileged: Verdict?

  /// `BPF_F_STRICT_ALIGNMENT`.
  package static let strictAlignment: UInt32 = 1
}

extension KernelTest {
  /// The maps that `test_verifier.c` offers its programs, by the names of its fix-ups. `nil` for one that no test in the data uses.
  package static func map(named kind: String) -> MapSpec? {
    func map(_ type: MapType, _ keySize: Int, _ valueSize: Int, _ maxEntries: Int = 1, contents: [MapSpec.Entry] = []) -> MapSpec {
      MapSpec(name: kind, type: type, keySize: keySize, valueSize: valueSize, maxEntries: maxEntries, contents: contents)
    }
    switch kind {
    case "map_hash_8b": return map(.hash, 8, 8)
    case "map_hash_16b": return map(.hash, 8, 16)
    case "map_hash_48b": return map(.hash, 8, 48)
    case "map_array_48b":
      // struct test_val { unsigned int index; int foo[11]; } with index 7 * 4 and foo[6] set.
      var value = [UInt8](repeating: 0, count: 48)
      value[0] = 28
      value.replaceSubrange(28..<32, with: [0x12, 0xef, 0xcd, 0xab])
      return map(.array, 4, 48, contents: [.init(key: [0, 0, 0, 0], value: .bytes(value))])
    case "map_array_small": return map(.array, 4, 1)
    case "map_event_output": return map(.perfEventArray, 4, 4)
    case "map_ringbuf": return map(.ringbuf, 0, 0, 4096)
    case "map_kptr":
      var spec = map(.array, 4, 24)
      (spec.keyTypeID, spec.valueTypeID) = (1, kernelPointerValue)
      return spec
    default: return nil
    }
  }

  /// Types of the key (1) and the value (``kernelPointerValue``) of `map_kptr`: three pointers to kernel objects, the first untrusted.
  package static func kernelPointerTypes() throws(BTFError) -> BTF {
    var builder = BTFBuilder()
    _ = builder.addInteger("int", size: 4, isSigned: true)
    let object = builder.addStructure("prog_test_ref_kfunc", size: 0, members: [])
    let member = builder.addStructure("prog_test_member", size: 0, members: [])
    let untrusted = builder.addPointer(to: builder.addTypeTag("kptr_untrusted", of: object))
    let owned = builder.addPointer(to: builder.addTypeTag("kptr", of: object))
    let ownedMember = builder.addPointer(to: builder.addTypeTag("kptr", of: member))
    let value = builder.addStructure(
      "btf_ptr", size: 24,
      members: [
        .init("ptr", type: untrusted, bitOffset: 0), .init("ptr", type: owned, bitOffset: 64),
        .init("ptr", type: ownedMember, bitOffset: 128),
      ])
    precondition(value == kernelPointerValue)
    return try builder.build()
  }

  private static let kernelPointerValue: BTF.TypeID = 10

  /// The functions, with types, of a program of `bpf_loop_inline.c`: its callbacks need them, and the data does not hold them.
  package static func functionsOfCallbackTests(_ instructions: [Instruction]) throws(BTFError) -> ([FunctionSpec], BTF) {
    var builder = BTFBuilder()
    let int = builder.addInteger("int", size: 4, isSigned: true)
    let context = builder.addPointer(to: 0)
    let pointer = builder.addPointer(to: int)
    let main = builder.addFunction(
      "main", prototype: builder.addPrototype(result: int, parameters: [.init("ctx", type: context)]), linkage: .isStatic)
    let callback = builder.addFunction(
      "callback", prototype: builder.addPrototype(result: int, parameters: [.init("i", type: int), .init("ctx", type: pointer)]),
      linkage: .isStatic)
    var functions = [0: FunctionSpec(name: "main", start: 0, typeID: main)]
    for (slot, instruction) in instructions.enumerated() {
      let target = slot + 1 + Int(instruction.immediate)
      if instruction.isWide, instruction.source == WideSource.function {
        functions[target] = FunctionSpec(name: "callback", start: target, typeID: callback)
      } else if instruction.opcode == Opcode.callHelper, instruction.source == CallSource.local {
        functions[target] = FunctionSpec(name: "main", start: target, typeID: main)
      }
    }
    return (functions.values.sorted { $0.start < $1.start }, try builder.build())
  }
}
