import EBPFToolchain
import Foundation
import Testing

/// Which compiler is taken on machines of every kind, played with folders of scripts.
@Suite struct SearchTests {
  /// A clang that writes an object of its own, by its name, and lists these targets.
  private func clang(_ path: String, targets: [String], object: String = "") throws {
    let compile = targets.contains("bpf") ? "printf '%s' '\(object)'" : "echo \"error: unknown target triple 'bpf'\" >&2; exit 1"
    try script(
      path,
      """
      if [ "$1" = -print-targets ]; then
        echo '  Registered Targets:'
        \(targets.map { "echo '    \($0)        - a target'" }.joined(separator: "\n  "))
        exit 0
      fi
      \(compile)
      """)
  }

  private func script(_ path: String, _ text: String) throws {
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    // Another test may start a process at this moment, which would hold what this one has open to write: "text file busy".
    try "#!/bin/sh\n\(text)\n".write(toFile: "\(path).text", atomically: true, encoding: .utf8)
    let copy = try Process.run(URL(fileURLWithPath: "/bin/cp"), arguments: ["\(path).text", path])
    copy.waitUntilExit()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// Runs the body where only these variables lead to a compiler; a source lies at `folder`/source.bpf.c.
  private func onMachine(_ variables: [String: String], _ body: () async throws -> Void) async throws {
    try await Environment.$overrides.withValue(["EBPF_CLANG": "", "PATH": ""].merging(variables) { $1 }) { try await body() }
  }

  @Test func theToolchainsClangIsBesideSwiftcBehindLinks() async throws {
    try await Support.withFolder { folder in
      try clang("\(folder)/toolchain/usr/bin/clang", targets: ["bpf"], object: "toolchain")
      try script("\(folder)/toolchain/usr/bin/swift-driver", "exit 1")
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/toolchain/usr/bin/swiftc", withDestinationPath: "swift-driver")
      try FileManager.default.createDirectory(atPath: "\(folder)/bin", withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/bin/swiftc", withDestinationPath: "\(folder)/toolchain/usr/bin/swiftc")
      try clang("\(folder)/bin/clang", targets: ["bpf"], object: "other")
      try await onMachine(["PATH": "\(folder)/bin"]) {
        let toolchain = try Toolchain()
        #expect(toolchain.clang.hasSuffix("/toolchain/usr/bin/clang"))
      }
    }
  }

  /// A version manager's shims are scripts or one program under many names: its own clang leads on, or swiftc itself knows.
  @Test func shimsLeadToTheToolchain() async throws {
    try await Support.withFolder { folder in
      try clang("\(folder)/real/usr/bin/clang", targets: ["bpf"], object: "real")
      try script(
        "\(folder)/shims/swiftc",
        "[ \"$1\" = -print-target-info ] && echo '{ \"paths\": { \"runtimeResourcePath\": \"\(folder)/real/usr/lib/swift\" } }'")
      try await onMachine(["PATH": "\(folder)/shims"]) {
        let found = try Toolchain().clang
        #expect(found == "\(folder)/real/usr/bin/clang")
      }
      try clang("\(folder)/shims/clang", targets: ["bpf"], object: "shim")
      try await onMachine(["PATH": "\(folder)/shims"]) {
        let found = try Toolchain().clang
        #expect(found == "\(folder)/shims/clang")
      }
    }
  }

  @Test func aClangWithoutBPFGivesWayToAnother() async throws {
    try await Support.withFolder { folder in
      let source = "\(folder)/source.bpf.c"
      try "int one;\n".write(toFile: source, atomically: true, encoding: .utf8)
      try script("\(folder)/swift/swiftc", "exit 1")
      try clang("\(folder)/swift/clang", targets: ["x86-64", "aarch64"])
      try clang("\(folder)/distribution/clang", targets: ["bpf", "x86-64"], object: "distribution")
      try await onMachine(["PATH": "\(folder)/swift:\(folder)/distribution"]) {
        let toolchain = try Toolchain()
        #expect(toolchain.clang == "\(folder)/swift/clang")
        let result = try await toolchain.compileC(source)
        #expect(String(decoding: result.object, as: UTF8.self) == "distribution")
      }
      try await onMachine(["PATH": "\(folder)/swift"]) {
        let failure = await #expect(throws: ToolchainError.self) { try await Toolchain().compileC(source) }
        #expect(failure?.code == .noCompiler)
        #expect(failure?.message.hasPrefix("no BPF target in \(folder)/swift/clang; name a clang that has it in EBPF_CLANG; ") == true)
        #expect(failure?.message.contains("apt install clang") == true)
      }
    }
  }

  @Test func theEnvironmentsChoiceIsTheOnlyOne() async throws {
    try await Support.withFolder { folder in
      let source = "\(folder)/source.bpf.c"
      try "int one;\n".write(toFile: source, atomically: true, encoding: .utf8)
      try clang("\(folder)/mine/my-clang", targets: ["bpf"], object: "mine")
      try clang("\(folder)/bin/clang", targets: ["bpf"], object: "path")
      try clang("\(folder)/bin/clang-17", targets: ["arm"], object: "17")
      func result(_ name: String) async throws -> String {
        try await Environment.$overrides.withValue(["EBPF_CLANG": name, "PATH": "\(folder)/bin"]) {
          String(decoding: try await Toolchain().compileC(source).object, as: UTF8.self)
        }
      }
      #expect(try await result("\(folder)/mine/my-clang") == "mine")
      #expect(try await result("clang") == "path")
      #expect(try await result("") == "path")
      let lacking = await #expect(throws: ToolchainError.self) { try await result("clang-17") }
      #expect(lacking?.code == .noCompiler)
      #expect(lacking?.message.hasPrefix("no BPF target in \(folder)/bin/clang-17; ") == true)
      for wrong in ["\(folder)/nothing", folder, "no-such-clang"] {
        let failure = await #expect(throws: ToolchainError.self) { try await result(wrong) }
        #expect(failure?.message == "EBPF_CLANG names '\(wrong)', which is no program that can be run; name a clang, or unset it")
      }
    }
  }

  @Test func aMachineWithoutCompilersIsToldWhereTheyAre() async throws {
    try await onMachine([:]) {
      let failure = #expect(throws: ToolchainError.self) { try Toolchain() }
      #expect(failure?.code == .noCompiler)
      #expect(failure?.message.hasPrefix("no clang found, which C programs need: put the Swift toolchain's usr/bin on PATH") == true)
    }
  }

  @Test func aCompilerThatDiesIsNamed() async throws {
    try await Support.withFolder { folder in
      let source = "\(folder)/source.bpf.c"
      try "int one;\n".write(toFile: source, atomically: true, encoding: .utf8)
      let targets = "if [ \"$1\" = -print-targets ]; then echo '    bpf    - BPF'; exit 0; fi\n"
      try script("\(folder)/dies", targets + "echo 'goodbye' >&2; kill -SEGV $$")
      try script("\(folder)/silent", targets + "exit 3")
      for (name, message) in [
        ("dies", "goodbye\n\(folder)/dies was ended by signal 11"), ("silent", "\(folder)/silent ended with status 3 and wrote nothing"),
      ] {
        try await onMachine(["EBPF_CLANG": "\(folder)/\(name)"]) {
          let failure = await #expect(throws: ToolchainError.self) { try await Toolchain().compileC(source) }
          #expect(failure == ToolchainError(.compileFailed, message))
        }
      }
    }
  }

  @Test func missingHeadersNameTheirPackage() async throws {
    let kernel = await #expect(throws: ToolchainError.self) { try await Support.compilation("#include <linux/no_such_header.h>\n") }
    #expect(kernel?.code == .noHeaders)
    #expect(kernel?.message.contains("fatal error: 'linux/no_such_header.h' file not found") == true)
    #expect(kernel?.message.contains("the headers of linux/ come with the package linux-libc-dev (Debian, Ubuntu)") == true)
    var options = CompileOptions()
    options.arguments = ["-nostdlibinc"]
    let all = await #expect(throws: ToolchainError.self) { try await Support.compilation("#include <linux/bpf.h>\n", options: options) }
    #expect(all?.message.contains("the headers of linux/ come with the package linux-libc-dev (Debian, Ubuntu)") == true)
    let own = await #expect(throws: ToolchainError.self) { try await Support.compilation("#include \"mine.h\"\n") }
    #expect(own?.code == .compileFailed)
  }
}
