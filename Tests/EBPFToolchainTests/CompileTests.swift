import EBPFISA
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Sources to objects.
@Suite struct CompileTests {
  @Test(arguments: ["Examples/PacketCounter/packet_counter.bpf.c", "Examples/Captures/vlan.bpf.c"])
  func theExamplesCompile(path: String) async throws {
    let result = try await Toolchain().compileC("\(Support.package)/\(path)")
    #expect(result.warnings == "")
    let object = try ObjectSpec(bytes: result.object)
    #expect(!object.programs.isEmpty)
    #expect(object.programs.allSatisfy { !$0.instructions.isEmpty })
  }

  @Test func whatTheCompilerWritesIsKept() async throws {
    let source = """
      #warning "look here"
      int one;
      """
    let result = try await Support.compilation(source)
    #expect(result.warnings.contains("source.bpf.c:1:2: warning: \"look here\""))
    let failure = await #expect(throws: ToolchainError.self) { try await Support.compilation("int one = nothing;\n") }
    #expect(failure?.code == .compileFailed)
    #expect(failure?.message.contains("source.bpf.c:1:11: error: use of undeclared identifier 'nothing'") == true)
    #expect(failure?.message.hasSuffix("1 error generated.") == true)
  }

  @Test func coloursAreTheCallersChoice() async throws {
    var options = CompileOptions()
    let plain = await #expect(throws: ToolchainError.self) { try await Support.compilation("int one = nothing;\n", options: options) }
    #expect(plain?.message.contains("\u{1b}") == false)
    options.colors = true
    let coloured = await #expect(throws: ToolchainError.self) { try await Support.compilation("int one = nothing;\n", options: options) }
    #expect(coloured?.message.contains("\u{1b}") == true)
  }

  @Test func aMissingSourceIsOneClearError() async throws {
    let missing = await #expect(throws: ToolchainError.self) { try await Toolchain().compileC("/nowhere/program.bpf.c") }
    #expect(missing == ToolchainError(.unreadable, "/nowhere/program.bpf.c: No such file or directory"))
    let folder = await #expect(throws: ToolchainError.self) { try await Toolchain().compileC("/tmp") }
    #expect(folder == ToolchainError(.unreadable, "/tmp: Is a directory"))
  }

  @Test func optionsReachTheCompiler() async throws {
    let source = """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #include "answer.h"
      SEC("xdp") int program(struct xdp_md *ctx) { return ANSWER + GIVEN + MORE; }
      """
    try await Support.withFolder { folder in
      try "#define ANSWER 40\n".write(toFile: "\(folder)/answer.h", atomically: true, encoding: .utf8)
      var options = CompileOptions()
      options.includes = [folder]
      options.defines = ["GIVEN=1", "FLAG"]
      options.arguments = ["-DMORE=1"]
      let object = try await Support.compile(source, options: options)
      let program = try #require(object.programs.first)
      #expect(program.instructions.first?.immediate == 42)
    }
  }

  /// 32-bit jumps came with v3, sign-extending moves with v4.
  @Test(arguments: [("v1", false, false), ("v2", false, false), ("v3", true, false), ("v4", true, true)])
  func theInstructionSetIsChosen(cpu: String, jumps32: Bool, extends: Bool) async throws {
    let source = """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      SEC("xdp") int program(struct xdp_md *ctx) {
        long sum = (signed char)bpf_get_prandom_u32();
        if (bpf_get_prandom_u32() < 1000) sum += bpf_ktime_get_ns();
        return sum >> 3;
      }
      """
    var options = CompileOptions()
    options.cpu = cpu
    let program = try #require(try await Support.compile(source, options: options).programs.first)
    #expect(program.instructions.contains { $0.opcode & 7 == 6 } == jumps32)
    #expect(program.instructions.contains { ($0.opcode == 0xbf || $0.opcode == 0xbc) && $0.offset == 8 } == extends)
  }

  @Test func theOtherByteOrderCompiles() async throws {
    var options = CompileOptions()
    options.arguments = ["-target", "bpfeb"]
    let result = try await Support.compilation(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_endian.h>
      _Static_assert(bpf_htons(0x1234) == 0x1234, "network order");
      SEC("xdp") int program(struct xdp_md *ctx) { return XDP_PASS; }
      """, options: options)
    #expect(result.object[5] == 2)
    #expect(try ObjectSpec(bytes: result.object).programs.count == 1)
  }
}
