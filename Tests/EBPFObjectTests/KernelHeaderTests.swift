import EBPFBTF
import Foundation
import Testing

/// The running kernel's types as a header, compiled by clang.
@Suite struct KernelHeaderTests {
  static let kernelTypes = "/sys/kernel/btf/vmlinux"
  static let isPossible = FileManager.default.isReadableFile(atPath: kernelTypes) && Fixtures.clang != nil

  @Test(.enabled(if: isPossible, "needs /sys/kernel/btf/vmlinux and a clang with the BPF targets"))
  func theKernelsTypesCompile() throws {
    let btf = try BTF(bytes: try Fixtures.bytes(Self.kernelTypes))
    let task = try #require(btf.find("task_struct", kinds: [.structure]))
    let size = try #require(btf.size(of: task.id))
    let offset = try #require(task.members.first { $0.name == "pid" }).bitOffset / 8
    let header = try CDeclarations.header(btf)
    let object = try Fixtures.compile(
      header + """

        _Static_assert(sizeof(struct task_struct) == \(size), "size of task_struct");
        _Static_assert(__builtin_offsetof(struct task_struct, pid) == \(offset), "offset of pid");
        int pid(struct task_struct *task) { return task->pid; }
        """)
    #expect(!object.isEmpty)
  }
}
