import Foundation
import Testing

import EBPFCommands

/// `ebpf new`: the packages that it makes.
@Suite struct NewCommandTests {
  static let kinds = [
    "xdp", "tc", "socket_filter", "cgroup_skb", "tracepoint", "raw_tracepoint", "kprobe",
    "uprobe", "fentry", "perf_event",
  ]

  private func files(below path: String) -> [String] {
    (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }

  @Test(arguments: kinds) func everyKindCompilesVerifiesAndLoads(_ kind: String) async throws {
    let folder = try TemporaryFolder()
    let made = await CommandRun("new", "Sample", "--kind", kind, "--path", "\(folder.path)/sample")
    #expect(made.status == 0 && made.errors.isEmpty, "\(made.errors)")
    #expect(made.output.contains("\(folder.path)/sample/Sources/Sample"))
    #expect(
      files(below: "\(folder.path)/sample") == [
        ".gitignore", "Package.swift", "README.md", "Sources/Sample/Sample.swift", "Tests/SampleTests/SampleTests.swift",
      ])
    let source = String(decoding: try folder.bytes("sample/Sources/Sample/Sample.swift"), as: UTF8.self)
    #expect(source.contains("let license = License.") && source.hasSuffix("}\n") && !source.contains(" \n"))

    // As `swift format` leaves files where nothing configures it.
    let formatted = try run(
      "/usr/bin/env", ["swift", "format", "lint", "--strict", "--configuration", "{}", "--recursive", "\(folder.path)/sample"])
    #expect(formatted.status == 0 && formatted.text.isEmpty, "\(formatted.text)")

    let object = "\(folder.path)/sample.o"
    let compiled = await CommandRun("compile", "\(folder.path)/sample/Sources/Sample", "-o", object)
    #expect(compiled.status == 0 && compiled.errors.isEmpty, "\(compiled.errors)")
    try await expectAccepted(object, host: "userspace", kind)
    if geteuid() == 0 {
      try await expectAccepted(object, host: "kernel", kind)
    } else {
      print("not root: the kernel's verdict was not asked")
    }

    // The tests name the program's function and its maps; both are in the object.
    let tests = String(decoding: try folder.bytes("sample/Tests/SampleTests/SampleTests.swift"), as: UTF8.self)
    let listing = await CommandRun("inspect", object)
    for pattern in [#"program: "(\w+)""#, #"map\("(\w+)"\)"#] {
      let matches = tests.matches(of: try Regex(pattern, as: (Substring, Substring).self))
      #expect(!matches.isEmpty)
      for match in matches { #expect(listing.output.contains(match.output.1), "\(match.output.1) in \(listing.output)") }
    }
    let parsed = try run("/usr/bin/env", ["swiftc", "-parse", "\(folder.path)/sample/Tests/SampleTests/SampleTests.swift"])
    #expect(parsed.status == 0 && parsed.text.isEmpty, "\(parsed.text)")
  }

  private func expectAccepted(_ object: String, host: String, _ kind: String) async throws {
    let result = await CommandRun("verify", object, "--host", host, "--json")
    let programs = try #require(result.json as? [[String: Any]], "\(result.output)\(result.errors)")
    #expect(programs.count == 1)
    for program in programs {
      let verdict = program["verdict"] as? String
      // Some kernels refuse trampolines to everyone.
      let isPolicy = kind == "fentry" && (program["message"] as? String)?.contains("refused by a policy of this kernel") == true
      #expect(verdict == "accept" || (host == "kernel" && isPolicy), "\(host): \(program)")
    }
  }

  /// The kinds of the help are those that are tested.
  @Test func helpNamesEveryKind() async {
    let help = await CommandRun("new", "--help")
    #expect(help.status == 0)
    for kind in Self.kinds { #expect(help.output.contains("\n  \(kind) "), "\(kind)") }
    let refused = await CommandRun("new", "Sample", "--kind", "nonsense")
    #expect(refused.status == 2)
    let listed = refused.errors.split(separator: " ").map { $0.filter { $0 != "," } }
    #expect(Set(Self.kinds).isSubset(of: listed) && refused.errors.contains("'nonsense'"))
    #expect(NewProgram.all.map(\.kind) == Self.kinds)
  }

  @Test func manifestsAreRead() throws {
    let folder = try TemporaryFolder()
    let program = NewProgram.all[0]
    // A checkout's path is any text.
    for (name, checkout) in [("Published", nil), ("Local", #"/some where/"quoted"\back"#)] {
      let package = NewPackage(name: name, program: program, checkout: checkout)
      try package.write(to: "\(folder.path)/\(name)")
      let result = try run("/usr/bin/env", ["swift", "package", "--package-path", "\(folder.path)/\(name)", "dump-package"])
      let start = try #require(result.text.firstIndex(of: "{"), "\(result.text)")
      let json = try #require(try JSONSerialization.jsonObject(with: Data(result.text[start...].utf8)) as? [String: Any])
      #expect(json["name"] as? String == name)
      let targets = try #require(json["targets"] as? [[String: Any]])
      #expect(targets.map { $0["name"] as? String } == [name, "\(name)Tests"])
      let dependencies = try #require(json["dependencies"] as? [[String: Any]])
      #expect(dependencies.count == 1)
      let text = String(decoding: try JSONSerialization.data(withJSONObject: dependencies, options: .withoutEscapingSlashes), as: UTF8.self)
      #expect(text.contains(checkout == nil ? "https://github.com/swift-ebpf/swift-ebpf" : #"/some where/\"quoted\"\\back"#), "\(text)")
    }
  }

  @Test(arguments: ["", "9lives", "a-b", "a b", "a.b", "../up", "/root", "naïve", "_", "class", "main", "Swift", "BPF", "EBPFTesting"])
  func namesThatAreNoModules(_ name: String) async throws {
    let folder = try TemporaryFolder()
    let result = await CommandRun("new", name, "--path", "\(folder.path)/new")
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.errors.contains("'\(name)'") && result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    #expect(folder.names.isEmpty)
  }

  /// A package that has a module of this project's name cannot depend on it.
  @Test func namesOfThisProjectAreRefused() throws {
    let modules = try FileManager.default.contentsOfDirectory(atPath: "\(packageFolder)/Sources").filter { !$0.hasPrefix(".") }
    #expect(modules.count > 15)
    for module in modules { #expect(NewPackage.refusal(ofName: module) != nil, "\(module)") }
  }

  @Test func nothingIsOverwrittenAndNothingLeftBehind() async throws {
    let folder = try TemporaryFolder()
    let first = await CommandRun("new", "Sample", "--path", "\(folder.path)/sample")
    #expect(first.status == 0)
    let before = try folder.bytes("sample/Package.swift")
    let second = await CommandRun("new", "Other", "--path", "\(folder.path)/sample")
    #expect(second.status == 1 && second.errors.contains("it is there already") && second.output.isEmpty)
    #expect(try folder.bytes("sample/Package.swift") == before)
    let file = try folder.write("file", [1])
    #expect(await CommandRun("new", "Sample", "--path", file).status == 1)
    #expect(try folder.bytes("file") == [1])

    let missing = await CommandRun("new", "Sample", "--path", "\(folder.path)/no/where")
    #expect(missing.status == 1 && missing.errors.contains("make it first"))
    let noCheckout = await CommandRun("new", "Sample", "--path", "\(folder.path)/new", "--package", folder.path)
    #expect(noCheckout.status == 1 && noCheckout.errors.contains("no checkout of swift-ebpf"))
    // A name that no file system takes: the folders made before it go again.
    let long = String(repeating: "n", count: 250)
    let tooLong = await CommandRun("new", long, "--path", "\(folder.path)/long")
    #expect(tooLong.status == 1 && tooLong.errors.split(separator: "\n").count == 1, "\(tooLong.errors)")
    #expect(folder.names == ["file", "sample"])
  }

  /// A checkout is named from anywhere: the manifest has its absolute path.
  @Test func checkoutsAreAbsolute() async throws {
    let folder = try TemporaryFolder()
    let result = await CommandRun("new", "Sample", "--path", "\(folder.path)/sample", "--package", "\(packageFolder)/Sources/..")
    #expect(result.status == 0, "\(result.errors)")
    let manifest = String(decoding: try folder.bytes("sample/Package.swift"), as: UTF8.self)
    #expect(manifest.contains(".package(name: \"swift-ebpf\", path: \"\(packageFolder)\")") && !manifest.contains("https:"))
  }
}
