import Foundation
import Testing

/// Objects with CO-RE relocations, with types from a file.
@Suite(.enabled(if: Clang.path != nil, "needs a clang with the BPF targets"))
struct CORECommandTests {
  private static let program = """
    struct frame { int unused; int length; } __attribute__((preserve_access_index));
    struct flow { int gone; } __attribute__((preserve_access_index));
    __attribute__((section("xdp"), used)) int measure(void *ctx) {
      return __builtin_preserve_field_info(((struct frame *)0)->length, 0);
    }
    __attribute__((section("?xdp"), used)) int broken(void *ctx) {
      return __builtin_preserve_field_info(((struct flow *)0)->gone, 0);
    }
    char LICENSE[] __attribute__((section("license"), used)) = "GPL";
    """
  private static let types = "struct frame { long a, b, c; int length; } frame; struct flow { int gene; } flow;"

  @Test func typesAreGivenAsAFile() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.program, "program", in: folder)
    let types = try Clang.compile(Self.types, "types", in: folder)
    let packet = try folder.write("packet.bin", Array(repeating: 0, count: 64))

    let run = await CommandRun("run", object, "--program", "measure", "--memory", packet, "--btf", types, "--json")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("\"result\":\"0x18\""))

    let verify = await CommandRun("verify", object, "--btf", types, "--json")
    #expect(verify.status == 1)
    let judgements = try #require(verify.json as? [[String: Any]])
    #expect(judgements.map { $0["verdict"] as? String } == ["accept", "reject"])
    let message = try #require(judgements[1]["message"] as? String)
    #expect(message.contains("struct flow.gone") && message.contains("has no member 'gone'; nearest: 'gene'"))
  }

  @Test func inspectShowsRelocationsAndTheirOutcome() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.program, "program", in: folder)
    let types = try Clang.compile(Self.types, "types", in: folder)
    let plain = await CommandRun("inspect", object)
    #expect(plain.status == 0)
    #expect(plain.output.contains("struct frame.length (0:1 @ offset 4)"))
    let outcome = await CommandRun("inspect", object, "--btf", types)
    #expect(outcome.output.contains("24 (was 4)"))
    #expect(outcome.output.contains("not to be reached: "))
    let run = await CommandRun("inspect", object, "--btf", types, "--json")
    let programs = try #require((run.json as? [String: Any])?["programs"] as? [[String: Any]])
    let relocations = try programs.map { try #require($0["relocations"] as? [[String: Any]]) }
    #expect(relocations.map { $0.map { $0["outcome"] as? String } } == [["patched"], ["unresolved"]])
    #expect(relocations[0][0]["value"] as? Int == 24)
    #expect(relocations[0][0]["field"] as? String == "length")
    #expect(programs.map { $0["coreRelocations"] as? Int } == [1, 1])
  }

  @Test func typesThatCannotBeReadAreAnError() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.program, "program", in: folder)
    for name in ["/nowhere", try folder.write("wrong", [1, 2, 3])] {
      let run = await CommandRun("verify", object, "--btf", name)
      #expect(run.status != 0)
      #expect(run.errors.contains(name))
    }
  }
}
