import EBPFISA
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Names of <linux/bpf.h>, on systems with a header of any age.
@Suite struct LinuxHeaderTests {
  /// What Debian 12's header (Linux 6.1) lacks, and what it has.
  static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    _Static_assert(BPF_F_XDP_DEV_BOUND_ONLY == 1 << 6, "a macro");
    _Static_assert(BPF_TCX_INGRESS == 46 && BPF_TCX_EGRESS == 47, "enumerators");
    _Static_assert(BPF_MAP_TYPE_ARENA == 33 && BPF_MAP_TYPE_CGRP_STORAGE == 32 && BPF_MAP_TYPE_HASH == 1, "map types");
    _Static_assert(TCX_NEXT == -1 && (enum tcx_action_base)7 == TCX_REDIRECT, "a new enumeration");
    _Static_assert(BPF_F_CURRENT_CPU == 0xffffffff && BPF_F_CTXLEN_MASK == 0xfffffULL << 32, "64 bits");
    _Static_assert(BPF_FUNC_map_lookup_elem == 1 && BPF_FUNC_cgrp_storage_delete == 211, "helpers");
    _Static_assert(sizeof(struct bpf_dynptr) == 16 && sizeof(struct bpf_timer) == 16 && sizeof(struct bpf_wq) == 16, "structs");
    _Static_assert(sizeof(struct bpf_rb_node) >= 24 && _Alignof(struct bpf_rb_node) == 8, "attributes");
    _Static_assert(sizeof(struct bpf_fib_lookup) == 64 && __builtin_offsetof(struct bpf_fib_lookup, mark) == 52, "new fields");
    _Static_assert(__builtin_offsetof(struct bpf_sock_ops, skb_hwtstamp) == 216, "a new field of a context");
    _Static_assert(__builtin_offsetof(struct __sk_buff, hwtstamp) == 184, "a field of a context");
    SEC("sockops") int program(struct bpf_sock_ops *ops) { return ops->skb_hwtstamp == ops->op; }
    """

  @Test func newNamesCompile() async throws {
    let object = try await Support.compile(Self.source)
    #expect(object.programs.count == 1)
  }

  static let headers = ProcessInfo.processInfo.environment["EBPF_UAPI_HEADERS"]?.split(separator: ":").map(String.init) ?? []

  /// Headers of kernels of other ages in the system's place.
  @Test(.enabled(if: !headers.isEmpty, "needs EBPF_UAPI_HEADERS, a list of files linux/bpf.h"), arguments: headers)
  func newNamesCompileOnOtherSystems(path: String) async throws {
    let system = try String(contentsOfFile: path, encoding: .utf8)
    try await Support.withFolder { folder in
      var options = CompileOptions()
      for (name, text) in [("front", LinuxHeader.text(for: Array(system.utf8))), ("system", system)] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)/linux", withIntermediateDirectories: true)
        try text.write(toFile: "\(folder)/\(name)/linux/bpf.h", atomically: true, encoding: .utf8)
        options.arguments += ["-isystem", "\(folder)/\(name)"]
      }
      let object = try await Support.compile(Self.source, options: options)
      #expect(object.programs.count == 1)
    }
  }

  /// A header that has everything, and more than this library knows.
  @Test func aNewerHeaderIsLeftAsItIs() {
    let newer = """
      enum bpf_attach_type { BPF_TCX_INGRESS = 46, /* BPF_TCX_EGRESS is a comment */ BPF_NEWER_STILL = 99 };
      struct xdp_md { __u32 data; __u32 data_end; __u32 of_tomorrow; };
      struct bpf_sock_ops { __u32 op; __bpf_md_ptr(void *, skb_data); };
      #define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6)
      #define FN_TABLE FN(map_lookup_elem, 1, ##ctx)
      """
    let text = LinuxHeader.text(for: Array(newer.utf8))
    #expect(!text.contains("BPF_TCX_INGRESS ="))
    #expect(text.contains("enum {\n  BPF_CGROUP_INET_INGRESS = 0,"), "more of an enumeration that is there")
    #expect(text.contains("  BPF_TCX_EGRESS = 47,"))
    #expect(text.contains("enum tcx_action_base {\n  TCX_NEXT = -1,"), "an enumeration that is not")
    #expect(!text.contains("BPF_F_XDP_DEV_BOUND_ONLY"))
    #expect(!text.contains("BPF_FUNC_map_lookup_elem ") && text.contains("BPF_FUNC_map_update_elem = 2,"))
    #expect(!text.contains("struct xdp_md {"), "one that knows more stays")
    #expect(text.contains("#define bpf_sock_ops ___older_bpf_sock_ops\n#include_next"), "one that knows less gives way")
    #expect(text.contains("struct bpf_sock_ops {"))
    let same = LinuxHeader.text(for: Array("struct bpf_insn { __u8 code; __u8 dst_reg:4, src_reg:4; __s16 off; __s32 imm; };".utf8))
    #expect(!same.contains("struct bpf_insn {") && !same.contains("#define bpf_insn "), "one that knows the same stays")
  }

  /// Headers of the C library that look for one of 32 bits.
  @Test func theCLibrarysHeadersCompile() async throws {
    let result = try await Support.compilation(
      """
      #include <stdint.h>
      #include <stdbool.h>
      #include <stddef.h>
      #include <string.h>
      #include <errno.h>
      #include <sys/socket.h>
      #include <netinet/in.h>
      uint64_t one = EPERM + AF_INET;
      """)
    #expect(result.warnings == "")
  }
}
