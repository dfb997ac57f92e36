import EBPFHost
import EBPFKernel
import EBPFObject
import EBPFToolchain
import EBPFVerifier
import Foundation
import Testing

/// Programs with `vmlinux.h` and CO-RE accesses, from C source to their run in this kernel.
@Suite(.needsKernel, .enabled(if: FileManager.default.isReadableFile(atPath: "/sys/kernel/btf/vmlinux"), "the kernel shows no types"))
struct CORERunTests {
  private static func compile(_ source: String) async throws -> ObjectSpec {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-core-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("core.bpf.c").path
    let head = """
      #include "vmlinux.h"
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_core_read.h>
      char LICENSE[] SEC("license") = "GPL";

      """
    try (head + source).write(toFile: path, atomically: true, encoding: .utf8)
    return try ObjectSpec(bytes: await Toolchain().compileC(path).object)
  }

  /// What the program finds in the kernel's structures is what this process knows of itself.
  @Test func readsThisProcess() async throws {
    let object = try await Self.compile(
      """
      struct task_struct___renamed { int process_group; } __attribute__((preserve_access_index));
      struct task_struct___bits { unsigned no_cgroup_migration : 1; } __attribute__((preserve_access_index));
      enum pid_type___any { PIDTYPE_TGID___any = 40 };
      struct { int tgid, parent, by_type, renamed, exists; char comm[16]; int named, number, uid; } found;
      SEC("raw_tp") int look(void *ctx) {
        struct task_struct *task = (void *)bpf_get_current_task();
        struct task_struct___renamed *other = (void *)task;
        found.tgid = BPF_CORE_READ(task, tgid);
        found.parent = BPF_CORE_READ(task, real_parent, tgid);
        int kind = bpf_core_enum_value(enum pid_type___any, PIDTYPE_TGID___any);
        found.number = kind;
        struct pid *pid;
        bpf_core_read(&pid, sizeof(pid), (void *)task + bpf_core_field_offset(struct task_struct, signal));
        found.by_type = BPF_CORE_READ((struct signal_struct *)pid, pids[PIDTYPE_TGID], numbers[0].nr);
        if (bpf_core_field_exists(other->process_group)) found.renamed = BPF_CORE_READ(other, process_group); else found.renamed = -1;
        found.exists = bpf_core_type_exists(struct task_struct___renamed) && bpf_core_type_size(struct task_struct) > 1000;
        BPF_CORE_READ_STR_INTO(&found.comm, task, comm);
        found.uid = BPF_CORE_READ(task, cred, uid.val);
        return found.tgid;
      }
      """)
    #expect(object.programs[0].coreRelocations.count >= 10)
    let loaded = try KernelHost().load(object)
    defer { loaded.close() }
    let result = try loaded.program("look").run(TestInput(context: Array(repeating: 0, count: 8)))
    #expect(Int32(truncatingIfNeeded: result.returnValue) == getpid())
    let section = try #require(loaded.maps.first { $0.spec.dataSection == .bss })
    let bytes = try #require(try section.lookup([0, 0, 0, 0]))
    func number(_ offset: Int) -> Int32 { bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int32.self) } }
    #expect(number(0) == getpid())
    #expect(number(4) == getppid())
    #expect(number(12) == -1)
    #expect(number(16) == 1)
    let name = try String(contentsOfFile: "/proc/self/comm", encoding: .utf8)
    #expect(String(decoding: bytes[20..<36].prefix { $0 != 0 }, as: UTF8.self) + "\n" == name || number(8) != 0)
    #expect(number(40) == 1)
    #expect(number(44) == Int32(bitPattern: getuid()))
  }

  /// Both verifiers refuse what is missing, with its name, the structure, the candidate and the nearest field; behind a question it is fine.
  @Test func whatIsMissingIsNamed() async throws {
    let object = try await Self.compile(
      """
      struct task_struct___wrong { int tgidd; } __attribute__((preserve_access_index));
      SEC("raw_tp") int broken(void *ctx) {
        struct task_struct___wrong *task = (void *)bpf_get_current_task();
        return BPF_CORE_READ(task, tgidd);
      }
      SEC("raw_tp") int guarded(void *ctx) {
        struct task_struct___wrong *task = (void *)bpf_get_current_task();
        if (bpf_core_field_exists(task->tgidd)) return BPF_CORE_READ(task, tgidd);
        return 7;
      }
      """)
    let types = try TargetTypes.runningKernel()
    let relocated = try object.relocated(against: types)
    for (name, isGood) in [("broken", false), ("guarded", true)] {
      let program = try #require(relocated.program(named: name))
      let verdict = try KernelHost().verify(program, in: relocated)
      #expect((verdict.answer == .accept) == isGood, "\(name): \(verdict.message)")
      guard !isGood else {
        if case .rejected(let rejection) = Verifier().verify(program, in: relocated) { Issue.record("\(name): \(rejection.message)") }
        continue
      }
      let words = ["struct task_struct___wrong.tgidd", "vmlinux has no member 'tgidd'", "nearest: 'tgid' (pid_t, at offset"]
      for word in words { #expect(verdict.message.contains(word), "\(verdict.message)") }
      guard case .rejected(let rejection) = Verifier().verify(program, in: relocated) else {
        Issue.record("accepted here")
        continue
      }
      for word in words { #expect(rejection.message.contains(word), "\(rejection.message)") }
      #expect(rejection.suggestion.contains("bpf_core_field_exists"))
      #expect(throws: HostError.self) { try KernelHost().load(relocated) }
    }
  }
}
