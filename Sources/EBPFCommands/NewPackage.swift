import EBPFToolchain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The package that `ebpf new` makes: its files, as text.
package struct NewPackage {
  /// Where swift-ebpf is published.
  static let url = "https://github.com/swift-ebpf/swift-ebpf"

  package let name: String
  package let program: NewProgram
  /// A checkout of swift-ebpf, as an absolute path; `nil` for the published package.
  package let checkout: String?

  package init(name: String, program: NewProgram, checkout: String?) {
    self.name = name
    self.program = program
    self.checkout = checkout
  }

  /// Why a name cannot be that of a package and its module; `nil` where it can.
  package static func refusal(ofName name: String) -> String? {
    let isIdentifier =
      !name.isEmpty
      && name.utf8.enumerated().allSatisfy { index, character in
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
        default: false
        }
      }
    guard isIdentifier, name.utf8.contains(where: { $0 != UInt8(ascii: "_") }) else {
      return "'\(name)' is no name of a Swift module: it has letters, digits and _, and begins with no digit"
    }
    guard !SwiftNames.keywords.contains(name), name != "main" else {
      return "'\(name)' is a word of Swift and no name of a module: choose another"
    }
    guard !modules.contains(name), !modules.contains(name + "Tests") else {
      return "'\(name)' is the name of a module that the package would use: choose another"
    }
    return nil
  }

  /// Modules of this project, of what it depends on and of the toolchain: two of one name cannot be in a program.
  private static let modules: Set<String> = [
    "BPF", "CBPF", "CEBPF", "EBPF", "EBPFBTF", "EBPFBuild", "EBPFCapture", "EBPFCommands", "EBPFHost", "EBPFISA", "EBPFJIT", "EBPFKernel",
    "EBPFObject", "EBPFPlugin",
    "EBPFRuntime", "EBPFTables", "EBPFTestSupport", "EBPFTests", "EBPFTesting", "EBPFTool", "EBPFToolchain", "EBPFTypes", "EBPFVerifier",
    "ArgumentParser", "ArgumentParserToolInfo", "Subprocess", "SystemPackage", "Builtin", "Cxx", "Dispatch", "Foundation",
    "FoundationEssentials", "Glibc", "Kernel", "Musl", "Observation", "RegexBuilder", "Swift", "SwiftShims", "Synchronization", "Testing",
    "XCTest", "ebpf",
  ]

  /// The absolute path of a checkout of swift-ebpf.
  static func checkout(at path: String) throws(CommandFailure) -> String {
    guard let resolved = realpath(path, nil) else { throw CommandFailure("\(path): \(Files.reason(errno))") }
    defer { free(resolved) }
    let folder = String(cString: resolved)
    guard access("\(folder)/Package.swift", R_OK) == 0, Files.isFolder("\(folder)/Sources/BPF") else {
      throw CommandFailure("\(path): it is no checkout of swift-ebpf: it has no Package.swift with Sources/BPF beside it")
    }
    return folder
  }

  /// Every file of the package, by its path in it.
  package var files: [(path: String, text: String)] {
    [
      ("Package.swift", manifest),
      ("Sources/\(name)/\(name).swift", source),
      ("Tests/\(name)Tests/\(name)Tests.swift", tests),
      ("README.md", readme),
      (".gitignore", ".build/\n.swiftpm/\nPackage.resolved\n*.o\n"),
    ]
  }

  /// Makes the folder and writes the files. Where that fails nothing is left behind.
  package func write(to folder: String) throws(CommandFailure) {
    var made: [String] = []
    var written: [String] = []
    do throws(CommandFailure) {
      try make(folder, &made)
      for file in files {
        var parent = folder
        for part in file.path.split(separator: "/").dropLast() {
          parent += "/\(part)"
          if !made.contains(parent) { try make(parent, &made) }
        }
        try Files.write(Array(file.text.utf8), to: "\(folder)/\(file.path)")
        written.append("\(folder)/\(file.path)")
      }
    } catch {
      for path in written { unlink(path) }
      for path in made.reversed() { rmdir(path) }
      throw error
    }
  }

  private func make(_ folder: String, _ made: inout [String]) throws(CommandFailure) {
    if mkdir(folder, 0o777) == 0 { return made.append(folder) }
    let reason = errno
    if reason == EEXIST { throw CommandFailure("\(folder): it is there already: name another folder with --path, or remove it") }
    if reason == ENOENT { throw CommandFailure("\(folder): the folder that it would be in is not there: make it first") }
    throw CommandFailure("\(folder): \(Files.reason(reason))")
  }

  private var manifest: String {
    let dependency =
      checkout.map { ".package(name: \"swift-ebpf\", path: \(Self.literal($0)))" } ?? ".package(url: \"\(Self.url)\", branch: \"main\")"
    return """
      // swift-tools-version: 6.3
      import PackageDescription

      let package = Package(
        name: "\(name)",
        platforms: [.macOS(.v26)],
        dependencies: [
          \(dependency)
        ],
        targets: [
          // The eBPF program. This target compiles it natively, so that editors complete and check it;
          // `ebpf compile` and the tests make eBPF of it. In language mode 5 globals are plain `var`.
          .target(
            name: "\(name)",
            dependencies: [.product(name: "BPF", package: "swift-ebpf")],
            swiftSettings: [.swiftLanguageMode(.v5)]),
          .testTarget(
            name: "\(name)Tests",
            dependencies: ["\(name)", .product(name: "EBPFTesting", package: "swift-ebpf")]),
        ]
      )

      """
  }

  private var source: String {
    """
    // \(program.purpose)
    //
    //   ebpf verify Sources/\(name)
    import BPF

    // Programs under a licence that goes with the GPL may call all of the kernel's helpers.
    let license = License.dualMITGPL

    \(program.source)

    """
  }

  private var tests: String {
    let kernel =
      program.kernelRunsTests
      ? "/// `.kernel` is the running kernel, which takes root."
      : "/// The kernel has no test runs of this kind: with `.kernel` it loads the program and runs none."
    return """
      import EBPFTesting
      import EBPFTypes
      import Testing

      @testable import \(name)

      /// Where the program runs. `.userspace` is this process: it checks every access and needs no root.
      \(kernel)
      let host = TestHost.userspace

      @Suite struct \(name)Tests {
        /// Compiled, verified and loaded for each test, with empty maps.
        let program: TestProgram

        init() async throws {
          program = try await TestProgram("Sources/\(name)", program: "\(program.function)", on: host)
        }

      \(Self.indented(program.tests))
      }

      /// The program's functions as Swift: breakpoints stop in them, and coverage counts them.
      @Suite struct \(name)FunctionTests {
        let native = NativeHost()

      \(Self.indented(program.nativeTests))
      }

      """
  }

  /// A text's lines as members of a type.
  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
  }

  private var readme: String {
    var commands = [
      ("ebpf compile Sources/\(name) -o \(name).o", "make the object"),
      ("ebpf verify Sources/\(name)", "prove it safe, or say what is missing"),
      ("ebpf verify Sources/\(name) --host kernel", "ask the running kernel, as root"),
    ]
    if program.runsOnCaptures { commands.append(("ebpf run Sources/\(name) --pcap traffic.pcap", "run it on the packets of a capture")) }
    commands.append(("swift test", "run the tests, in this folder"))
    let width = commands.reduce(0) { max($0, $1.0.utf8.count) }
    let lines = commands.map { command, meaning in
      "\(command)\(String(repeating: " ", count: width - command.utf8.count))  # \(meaning)"
    }
    let word =
      program.kernelRunsTests
      ? "They run in this process, without root; with `host = TestHost.kernel` in `Tests/\(name)Tests/\(name)Tests.swift` the\nsame tests run in the kernel, as root."
      : "They run in this process, without root. The kernel has no test runs of this kind."
    return """
      # \(name)

      \(program.purpose)

      The program is in `Sources/\(name)`, its section is `\(program.section)`.

      ```sh
      \(lines.joined(separator: "\n"))
      ```

      ## Tests

      \(word)
      The suite `\(name)FunctionTests` calls the same functions as Swift.

      """
  }

  /// A text as a literal of Swift.
  private static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
