import EBPFBTF
import EBPFISA
import EBPFObject

/// Programs and target types for tests of CO-RE relocations, compiled by the toolchain's clang.
enum COREFixture {
  /// The compiler's questions, as libbpf's `bpf_core_read.h` spells them.
  static let macros = """
    #define SEC(name) __attribute__((section(name), used))
    #define CORE __attribute__((preserve_access_index))
    #define OFFSET(x) __builtin_preserve_field_info(x, 0)
    #define SIZE(x) __builtin_preserve_field_info(x, 1)
    #define EXISTS(x) __builtin_preserve_field_info(x, 2)
    #define SIGNED(x) __builtin_preserve_field_info(x, 3)
    #define LEFT(x) __builtin_preserve_field_info(x, 4)
    #define RIGHT(x) __builtin_preserve_field_info(x, 5)
    #define TYPE_EXISTS(t) __builtin_preserve_type_info(*(typeof(t) *)0, 0)
    #define TYPE_SIZE(t) __builtin_preserve_type_info(*(typeof(t) *)0, 1)
    #define TYPE_MATCHES(t) __builtin_preserve_type_info(*(typeof(t) *)0, 2)
    #define ENUM_EXISTS(t, e) __builtin_preserve_enum_value(*(typeof(t) *)e, 0)
    #define ENUM_VALUE(t, e) __builtin_preserve_enum_value(*(typeof(t) *)e, 1)
    #define LOCAL_ID(t) __builtin_btf_type_id(*(typeof(t) *)0, 0)
    #define TARGET_ID(t) __builtin_btf_type_id(*(typeof(t) *)0, 1)
    typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
    volatile u64 out[32];

    """

  /// An object with one program, whose body stands in `body` and whose types in `types`.
  static func object(types: String, body: String, target: String = "bpfel") throws -> ObjectSpec {
    let source = macros + types + "\nSEC(\"raw_tp/x\") int program(void *ctx) {\n" + body + "\nreturn 0; }\n"
    return try ObjectSpec(bytes: Fixtures.compile(source, target: target))
  }

  /// The types of C source, every one that a variable of it uses.
  static func types(_ source: String, target: String = "bpfel") throws -> TargetTypes {
    try TargetTypes(bytes: Fixtures.compile("\(macros)\n\(source)", target: target), name: "target")
  }

  /// What a relocation put into its instruction, `nil` where the instruction must not be reached.
  static func values(_ object: ObjectSpec) -> [Int64?] {
    object.programs[0].coreResolutions.map {
      if case .patched(_, let value) = $0.outcome { Int64(bitPattern: value) } else { nil }
    }
  }

  /// What a relocation says where it cannot be applied.
  static func refusal(_ object: ObjectSpec, _ types: TargetTypes) -> String? {
    do {
      _ = try object.relocated(against: types)
      return nil
    } catch { return error.description }
  }
}
