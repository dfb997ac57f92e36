import EBPFISA
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// `vmlinux.h`, made when a source asks for it.
@Suite struct KernelTypesTests {
  static let hasTypes = FileManager.default.isReadableFile(atPath: "/sys/kernel/btf/vmlinux")

  static let source = """
    #include "vmlinux.h"
    #include <bpf/bpf_helpers.h>
    #include <bpf/bpf_core_read.h>
    #include <bpf/bpf_tracing.h>
    SEC("kprobe/do_unlinkat") int BPF_KPROBE(program, int dfd, struct filename *name) {
      struct task_struct *task = (void *)bpf_get_current_task();
      return BPF_CORE_READ(task, real_parent, tgid) + dfd;
    }
    """

  private func instructions() async throws -> [Instruction] {
    try #require(try await Support.compile(Self.source).programs.first).instructions
  }

  private func files(_ folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).sorted()
  }

  @Test(.enabled(if: hasTypes, "needs /sys/kernel/btf/vmlinux")) func theRunningKernelsTypesAreMadeOnce() async throws {
    try await Support.withFolder { folder in
      try await Environment.$overrides.withValue(["XDG_CACHE_HOME": folder]) {
        let plain = try await Support.compile("int one = 1;")
        #expect(plain.programs.isEmpty)
        #expect(!files(folder).contains { $0.hasSuffix("vmlinux.h") }, "only where a source asks")
        let first = try await instructions()
        #expect(first.filter { $0.opcode == Opcode.callHelper && $0.immediate == 113 }.count == 2)
        let header = try #require(files(folder).first { $0.hasSuffix("vmlinux.h") })
        let inode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(header)")[.systemFileNumber] as? UInt64
        #expect(try await instructions() == first)
        let again = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(header)")[.systemFileNumber] as? UInt64
        #expect(inode == again)
        // Another build of this program made it.
        try "// Made by swift-ebpf (build 0123456789abcdef) from 1 bytes of BTF.\nnonsense".write(
          toFile: "\(folder)/\(header)", atomically: true, encoding: .utf8)
        #expect(try await instructions() == first)
      }
    }
  }

  @Test(.enabled(if: hasTypes, "needs /sys/kernel/btf/vmlinux")) func includesOfIncludesAskToo() async throws {
    try await Support.withFolder { folder in
      try "#include <vmlinux.h>\n".write(toFile: "\(folder)/types.h", atomically: true, encoding: .utf8)
      var options = CompileOptions()
      options.includes = [folder]
      let object = try await Support.compile(Self.source.replacing("\"vmlinux.h\"", with: "\"types.h\""), options: options)
      #expect(object.programs.count == 1)
    }
  }

  /// Types from a program's object: its own are enough for a source that uses no others.
  @Test func typesComeFromAFileOrTheEnvironment() async throws {
    try await Support.withFolder { folder in
      let types = try await Support.compilation("struct from_a_file { int first; long second; } one; unsigned long number;")
      try Data(types.object).write(to: URL(fileURLWithPath: "\(folder)/types.o"))
      let source = "#include \"vmlinux.h\"\n_Static_assert(__builtin_offsetof(struct from_a_file, second) == 8, \"\");\nint two;\n"
      var options = CompileOptions()
      options.kernelTypes = "\(folder)/types.o"
      _ = try await Support.compile(source, options: options)
      try await Environment.$overrides.withValue(["EBPF_BTF": "\(folder)/types.o"]) { _ = try await Support.compile(source) }
    }
  }

  @Test func aFolderOfTheCallersComesFirst() async throws {
    try await Support.withFolder { folder in
      try "typedef int only_here;\n".write(toFile: "\(folder)/vmlinux.h", atomically: true, encoding: .utf8)
      var options = CompileOptions()
      options.kernelTypes = "/nowhere"
      options.includes = [folder]
      _ = try await Support.compile("#include \"vmlinux.h\"\nonly_here one;\n", options: options)
      options.includes = []
      options.arguments = ["-I", folder]
      _ = try await Support.compile("#include <vmlinux.h>\nonly_here one;\n", options: options)
    }
  }

  @Test func missingTypesAreOneClearError() async throws {
    try await Support.withFolder { folder in
      func failure(_ path: String) async throws -> ToolchainError? {
        var options = CompileOptions()
        options.kernelTypes = path
        return await #expect(throws: ToolchainError.self) { try await Support.compilation("#include \"vmlinux.h\"\n", options: options) }
      }
      let missing = try await failure("\(folder)/btf")
      #expect(missing?.code == .noKernelTypes)
      #expect(missing?.message.contains("vmlinux.h, and its types cannot be read: \(folder)/btf: No such file or directory; ") == true)
      try "no types".write(toFile: "\(folder)/text", atomically: true, encoding: .utf8)
      #expect(try await failure("\(folder)/text")?.message.hasPrefix("vmlinux.h cannot be made from \(folder)/text: ") == true)
      var options = CompileOptions()
      options.arguments = ["-g0"]
      try Data(try await Support.compilation("int one;", options: options).object).write(to: URL(fileURLWithPath: "\(folder)/bare.o"))
      #expect(
        try await failure("\(folder)/bare.o")?.message == "vmlinux.h cannot be made from \(folder)/bare.o: the object has no section .BTF")
    }
  }
}
