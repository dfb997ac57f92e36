import EBPFISA
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Every macro of the headers, used as programs use it.
@Suite struct HeadersTests {
  /// What a program returns that only returns a constant.
  private func value(of expression: String, headers: String = "", options: CompileOptions = CompileOptions()) async throws -> Int32? {
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <linux/ptrace.h>
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_endian.h>
      #include <bpf/bpf_core_read.h>
      #include <bpf/bpf_tracing.h>
      \(headers)
      SEC("xdp") int program(struct xdp_md *ctx) { return \(expression); }
      """, options: options)
    let instructions = try #require(object.programs.first).instructions
    return instructions.count == 2 ? instructions[0].immediate : nil
  }

  @Test(arguments: [
    ("bpf_htons(0x1234)", 0x3412), ("bpf_ntohs(0x1234)", 0x3412), ("bpf_htonl(0x12345678)", 0x7856_3412),
    ("bpf_ntohl(0x12345678)", 0x7856_3412), ("bpf_cpu_to_be64(0x12345678ULL) >> 32", 0x7856_3412),
    ("bpf_be64_to_cpu(0x12345678ULL) >> 32", 0x7856_3412), ("__bpf_constant_htons(0x1234)", 0x3412),
    ("({ int r = 0; switch (0x3412) { case bpf_htons(0x1234): r = 7; } r; })", 7),
    ("KERNEL_VERSION(6, 18, 300)", 6 << 16 | 18 << 8 | 255), ("(bpf_htons(ctx->data) & 0xffff) == (__u16)bpf_ntohs(ctx->data)", 1),
    ("offsetof(struct xdp_md, data_meta)", 8), ("___bpf_narg()", 0), ("___bpf_narg(a, b, c, d, e, f, g, h, i, j, k, l)", 12),
    ("LIBBPF_PIN_BY_NAME + TRI_MODULE", 3), ("bpf_core_field_size(struct xdp_md, data)", 4),
  ])
  func expressions(expression: String, expected: Int) async throws {
    #expect(try await value(of: expression) == Int32(truncatingIfNeeded: expected))
  }

  /// Constants of the other byte order stay as they are.
  @Test func theOtherByteOrder() async throws {
    var options = CompileOptions()
    options.arguments = ["-target", "bpfeb"]
    #expect(try await value(of: "bpf_htonl(0x12345678) == 0x12345678 && bpf_htons(0x51234) == 0x1234", options: options) == 1)
  }

  @Test func allHelpersAreCalledByTheirNumber() async throws {
    let defined = try String(
      contentsOfFile: "\(Support.package)/Sources/EBPFToolchain/Headers/bpf/bpf_helper_defs.h", encoding: .utf8)
    let names = defined.matches(of: /\(\*const (bpf_\w+)\)/).map { String($0.1) }
    #expect(names.count == 211)
    var source = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n"
    for name in names { source += "SEC(\"xdp\") long call_\(name)(void *ctx) { return ((long (*)(void *))\(name))(ctx); }\n" }
    let object = try await Support.compile(source)
    for (index, name) in names.enumerated() {
      let program = try #require(object.programs.first { $0.name == "call_\(name)" })
      #expect(program.instructions.contains { $0.opcode == Opcode.callHelper && $0.immediate == index + 1 && $0.registers == 0 }, "\(name)")
    }
  }

  @Test func mapsOfEveryKind() async throws {
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, long); } one SEC(".maps");
      struct {
        __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
        __uint(max_entries, 1);
        __type(key, __u32);
        __array(values, struct inner);
      } outer SEC(".maps") = {.values = {&one}};
      struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, 3);
        __uint(key_size, 4);
        __uint(value_size, 12);
        __uint(map_flags, BPF_F_NO_PREALLOC);
        __uint(pinning, LIBBPF_PIN_BY_NAME);
      } pinned SEC(".maps");
      struct {
        __uint(type, BPF_MAP_TYPE_ARENA);
        __uint(map_flags, 1U << 10);
        __uint(max_entries, 1000);
        __ulong(map_extra, 0x1ull << 44);
      } arena SEC(".maps");
      SEC("xdp") int program(struct xdp_md *ctx) { __u32 zero = 0; return bpf_map_lookup_elem(&outer, &zero) != NULL; }
      """)
    let maps = Dictionary(uniqueKeysWithValues: object.maps.map { ($0.name, $0) })
    #expect(Set(maps.keys) == ["one", "outer", "pinned", "arena"])
    #expect(maps["pinned"]?.keySize == 4 && maps["pinned"]?.valueSize == 12 && maps["pinned"]?.maxEntries == 3)
    #expect(maps["arena"]?.extra == 1 << 44)
  }

  /// printk takes the old helper for up to three values, then the one that takes an array; the others always do.
  @Test func printing() async throws {
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #define PROGRAM(name, body) SEC("xdp") int name(struct xdp_md *ctx) { body; return 0; }
      PROGRAM(print0, bpf_printk("none"))
      PROGRAM(print3, bpf_printk("%d %d %p", 1, ctx->data, ctx))
      PROGRAM(print4, bpf_printk("%d %d %p %s", 1, ctx->data, ctx, "text"))
      PROGRAM(print12, bpf_printk("%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
      PROGRAM(sequence, BPF_SEQ_PRINTF((struct seq_file *)ctx, "%d %s", 1, "text"))
      PROGRAM(sequence0, BPF_SEQ_PRINTF((struct seq_file *)ctx, "none"))
      PROGRAM(buffer, char out[8]; BPF_SNPRINTF(out, sizeof out, "%d", ctx->data))
      """)
    func calls(_ name: String) throws -> [Int32] {
      try #require(object.programs.first { $0.name == name }).instructions.filter { $0.opcode == Opcode.callHelper }.map(\.immediate)
    }
    #expect(try calls("print0") == [6])
    #expect(try calls("print3") == [6])
    #expect(try calls("print4") == [177])
    #expect(try calls("print12") == [177])
    #expect(try calls("sequence") == [126])
    #expect(try calls("sequence0") == [126])
    #expect(try calls("buffer") == [165])
  }

  @Test func loopsTailCallsAndBarriers() async throws {
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_may_goto.h>
      struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u32); } next SEC(".maps");
      SEC("xdp") int numbers(struct xdp_md *ctx) {
        int i, sum = 0;
        bpf_for(i, 0, ctx->data) { if (i == 5) continue; sum += i; }
        bpf_repeat(10) sum++;
        int *each;
        bpf_for_each(num, each, 0, 10) sum += *each;
        return sum;
      }
      SEC("xdp") int may(struct xdp_md *ctx) {
        long i = 0;
        for (;;) { cond_break; i += ctx->data; }
        while (can_loop) i ^= ctx->data_end;
        for (;;) { cond_break_label(out); i -= ctx->data; }
      out:
        return i;
      }
      SEC("xdp") int tail(struct xdp_md *ctx) { bpf_tail_call_static(ctx, &next, 2); barrier(); return XDP_ABORTED; }
      SEC("xdp") int contains(struct xdp_md *ctx) { return container_of(&ctx->data_meta, struct xdp_md, data_meta) == ctx; }
      """)
    func program(_ name: String) throws -> ProgramSpec { try #require(object.programs.first { $0.name == name }) }
    #expect(try program("numbers").instructions.filter { $0.opcode == Opcode.callHelper }.count >= 9)
    #expect(try program("may").instructions.filter { $0.opcode == 0xe5 }.count == 3)
    #expect(try program("tail").instructions.contains { $0.opcode == Opcode.callHelper && $0.immediate == 12 })
    #expect(try program("tail").instructions.contains { $0.opcode == 0xb7 && $0.destination == 3 && $0.immediate == 2 })
    #expect(try program("contains").instructions[0].immediate == 1)
  }

  /// The parameters are the words of the context, or registers of pt_regs, by the machine's convention.
  @Test func tracingParameters() async throws {
    let source = """
      #include <linux/bpf.h>
      #include <linux/types.h>
      struct user_pt_regs { __u64 regs[31], sp, pc, pstate; };
      #define __VMLINUX_H__
      struct pt_regs {
        unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
      } __attribute__((preserve_access_index));
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_core_read.h>
      #include <bpf/bpf_tracing.h>
      struct pair { long a, b; };
      SEC("fentry/one") int BPF_PROG(words, int first, void *second, long third) { return first + third; }
      SEC("fentry/one") int BPF_PROG(none) { return ctx != 0; }
      SEC("fentry/one") int BPF_PROG2(structs, char, c, struct pair, pair, int, last) { return pair.b + last + c; }
      SEC("kprobe/one") int BPF_KPROBE(probe, long a, long b, long c, long d, long e, long f) { return f + d; }
      SEC("kretprobe/one") int BPF_KRETPROBE(result, long value) { return value; }
      SEC("uprobe") int BPF_UPROBE(user, long a) { return a; }
      SEC("uretprobe") int BPF_URETPROBE(user_result) { return 0; }
      SEC("ksyscall/one") int BPF_KSYSCALL(call, int a, int b, int c, int d) { return d; }
      SEC("kprobe/one") int registers(struct pt_regs *ctx) {
        return PT_REGS_IP(ctx) + PT_REGS_SP(ctx) + PT_REGS_FP(ctx) + PT_REGS_RC(ctx) + PT_REGS_PARM4_SYSCALL(ctx);
      }
      SEC("kprobe/one") int indirect(struct pt_regs *ctx) {
        unsigned long ip;
        BPF_KPROBE_READ_RET_IP(ip, ctx);
        return PT_REGS_IP_CORE(PT_REGS_SYSCALL_REGS(ctx)) + PT_REGS_PARM4_CORE_SYSCALL(PT_REGS_SYSCALL_REGS(ctx)) + ip;
      }
      """
    let object = try await Support.compile(source)
    /// Offsets of the loads from the context.
    func loads(_ name: String, _ object: ObjectSpec) throws -> [Int16] {
      try #require(object.programs.first { $0.name == name }).instructions
        .filter { $0.opcode == 0x79 && $0.source == 1 || $0.opcode == 0x61 && $0.source == 1 }.map(\.offset).sorted()
    }
    #expect(try loads("words", object) == [0, 16])
    #expect(try loads("none", object) == [])
    #expect(try loads("structs", object) == [0, 16, 24])
    #expect(try loads("probe", object) == [64, 88])
    #expect(try loads("result", object) == [80])
    #expect(try loads("user", object) == [112])
    #expect(try loads("registers", object) == [32, 56, 80, 128, 152])
    #expect(object.programs.count == 10)
    var options = CompileOptions()
    options.defines = ["__TARGET_ARCH_arm64"]
    let arm = try await Support.compile(
      source.replacing("return PT_REGS_IP(ctx) + PT_REGS_SP(ctx)", with: "return PT_REGS_SP(ctx)"), options: options)
    #expect(try loads("probe", arm) == [24, 40])
    #expect(try loads("result", arm) == [0])
  }

  @Test(arguments: ["s390", "arm", "mips", "powerpc", "sparc", "riscv", "arc", "loongarch"])
  func everyMachinesRegisters(machine: String) async throws {
    let layouts = [
      "s390": "typedef struct { unsigned long args[1]; struct { unsigned long mask, addr; } psw; unsigned long gprs[16]; } user_pt_regs;",
      "arm": "struct pt_regs { unsigned long uregs[18]; };",
      "mips": "struct pt_regs { unsigned long regs[32], cp0_epc; };",
      "powerpc": "struct pt_regs { unsigned long gpr[32], nip, orig_gpr3, link; };",
      "sparc":
        "enum { UREG_I0 = 8, UREG_I1, UREG_I2, UREG_I3, UREG_I4, UREG_I5, UREG_FP, UREG_I7 }; struct pt_regs { unsigned long u_regs[16], pc; };",
      "riscv": "struct user_regs_struct { unsigned long pc, ra, sp, s0, a0, a1, a2, a3, a4, a5, a6, a7; };",
      "arc": "struct user_regs_struct { struct { unsigned long r0, r1, r2, r3, r4, r5, r6, r7, blink, fp, sp, ret; } scratch; };",
      "loongarch": "struct user_pt_regs { unsigned long regs[32], orig_a0, csr_era; };",
    ]
    var options = CompileOptions()
    options.defines = ["__TARGET_ARCH_\(machine)"]
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_core_read.h>
      #include <bpf/bpf_tracing.h>
      \(layouts[machine]!)
      SEC("kprobe/one") int BPF_KPROBE(program, long a, long b, long c, long d) { return a + b + c + d; }
      SEC("kprobe/one") int registers(struct pt_regs *ctx) {
        return PT_REGS_IP(ctx) + PT_REGS_SP(ctx) + PT_REGS_RC(ctx) + PT_REGS_PARM1_SYSCALL(ctx) + PT_REGS_PARM6_SYSCALL(ctx);
      }
      """, options: options)
    #expect(object.programs.count == 2)
  }

  /// A machine's parameters end somewhere, and registers need a machine.
  @Test func whatAMachineLacksIsAnError() async throws {
    let source = """
      #include <linux/bpf.h>
      #include <linux/ptrace.h>
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_tracing.h>
      SEC("kprobe/one") long program(struct pt_regs *ctx) { return PT_REGS_PARM7(ctx); }
      """
    let lacking = await #expect(throws: ToolchainError.self) { try await Support.compilation(source) }
    #expect(lacking?.message.contains("__unsupported__") == true)
    var options = CompileOptions()
    options.arguments = ["-U__TARGET_ARCH_\(machine)"]
    let unknown = await #expect(throws: ToolchainError.self) { try await Support.compilation(source, options: options) }
    #expect(unknown?.message.contains("define __TARGET_ARCH_x86, __TARGET_ARCH_arm64 or another") == true)
  }

  private var machine: String {
    #if arch(x86_64)
    "x86"
    #else
    "arm64"
    #endif
  }

  /// CO-RE: each question leaves its relocation, each read one of its own.
  @Test func relocations() async throws {
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_core_read.h>
      #pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
      struct leaf { int number; unsigned int bits : 5; char text[16]; };
      struct node { struct node *parent; struct { struct leaf *leaf; } data; };
      #pragma clang attribute pop
      enum choice { FIRST, SECOND };
      SEC("raw_tp") int questions(void *ctx) {
        struct leaf *leaf = ctx;
        return bpf_core_field_exists(leaf->number) + bpf_core_field_size(struct leaf, text) + bpf_core_field_offset(leaf->text) +
               bpf_core_type_exists(struct leaf) + bpf_core_type_size(struct leaf) + bpf_core_type_matches(struct leaf) +
               bpf_core_type_id_local(struct leaf) + bpf_core_type_id_kernel(struct leaf) +
               bpf_core_enum_value(enum choice, SECOND) + bpf_core_enum_value_exists(enum choice, FIRST);
      }
      SEC("raw_tp") int reads(struct node *node) {
        char text[16];
        int number = BPF_CORE_READ(node, parent, data.leaf, number);
        BPF_CORE_READ_STR_INTO(&text, node, data.leaf, text);
        BPF_CORE_READ_INTO(&number, node, parent, parent, data.leaf, number);
        return number + BPF_PROBE_READ(node, data.leaf, number) + BPF_CORE_READ_USER(node, data.leaf, number) + text[0];
      }
      SEC("raw_tp") int bits(struct leaf *leaf) {
        BPF_CORE_WRITE_BITFIELD(leaf, bits, 3);
        return BPF_CORE_READ_BITFIELD(leaf, bits) + BPF_CORE_READ_BITFIELD_PROBED(leaf, bits);
      }
      SEC("raw_tp") int nested(struct node *node) {
        bpf_printk("%d %d", BPF_CORE_READ(node, data.leaf, number), BPF_CORE_READ(node, parent, data.leaf, number));
        return 0;
      }
      """)
    func program(_ name: String) throws -> ProgramSpec { try #require(object.programs.first { $0.name == name }) }
    func calls(_ name: String) throws -> [Int32] {
      try program(name).instructions.filter { $0.opcode == Opcode.callHelper }.map(\.immediate)
    }
    #expect(try program("questions").coreRelocations.map(\.kind.rawValue).sorted() == [0, 1, 2, 6, 7, 8, 9, 10, 11, 12])
    #expect(try calls("reads") == [113, 113, 113, 113, 115, 113, 113, 113, 113, 113, 113, 112, 112])
    #expect(try calls("nested") == [113, 113, 113, 113, 113, 6])
    #expect(try program("bits").coreRelocations.count >= 12)
  }

  /// Arguments of USDT probes: maps and functions that the loader knows.
  @Test(arguments: [[], ["-target", "bpfeb"]]) func probesOfUserPrograms(arguments: [String]) async throws {
    var options = CompileOptions()
    options.arguments = arguments
    options.defines = ["__TARGET_ARCH_arm64"]
    let object = try await Support.compile(
      """
      #include <linux/bpf.h>
      #include <stdbool.h>
      struct user_pt_regs { __u64 regs[31], sp, pc, pstate; };
      #include <bpf/usdt.bpf.h>
      SEC("usdt") int BPF_USDT(typed, int first, char *second) { return first + (long)second; }
      SEC("usdt") int plain(struct pt_regs *ctx) { return bpf_usdt_arg_cnt(ctx) + bpf_usdt_cookie(ctx); }
      """, options: options)
    #expect(object.programs.map(\.name).sorted() == ["plain", "typed"])
    let specifications = try #require(object.maps.first { $0.name == "__bpf_usdt_specs" })
    #expect(specifications.valueSize == 12 * 24 + 16 && specifications.maxEntries == 256)
    #expect(object.maps.contains { $0.name == "__bpf_usdt_ip_to_spec_id" })
    let typed = try #require(object.programs.first { $0.name == "typed" })
    #expect(typed.functions.map(\.name) == ["typed", "bpf_usdt_arg"])
  }

  /// The embedded text is that of the files, and the committed tables are those that the generators make.
  @Test(arguments: ["Tools/embed-headers/embed.py", "Tools/generate-tables/generate.py"]) func generatedFilesAreCurrent(tool: String) throws
  {
    let python = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    guard let python else { return }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["\(Support.package)/\(tool)", "--check"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
