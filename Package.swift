// swift-tools-version: 6.3
import PackageDescription

/// The programs of `Examples` that tests call as functions.
let nativeExamples = [
  "PacketCounter", "ProtocolStatistics", "SYNGuard", "LoadBalancer", "DNSInspector", "VLANRewriter", "EgressMarks", "ExecTracer",
  "RunQueueLatency", "TCPLifetimes", "SyscallCounts",
]

// Everything above the line is pure: bytes and values in, bytes and values out, no system calls, no Foundation, no Glibc.
// ARCHITECTURE.md has the table with the reasons.
let package = Package(
  name: "swift-ebpf",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "EBPF", targets: ["EBPF"]),
    .library(name: "EBPFISA", targets: ["EBPFISA"]),
    .library(name: "EBPFObject", targets: ["EBPFObject", "EBPFBTF", "EBPFTables"]),
    .library(name: "EBPFVerifier", targets: ["EBPFVerifier"]),
    .library(name: "EBPFJIT", targets: ["EBPFJIT"]),
    .library(name: "EBPFCapture", targets: ["EBPFCapture"]),
    .library(name: "BPF", targets: ["BPF"]),
    .library(name: "EBPFTesting", targets: ["EBPFTesting", "EBPFTypes"]),
    .executable(name: "ebpf", targets: ["EBPFTool"]),
    .plugin(name: "EBPFPlugin", targets: ["EBPFPlugin"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Without its default trait, which brings Foundation.
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Pure.
    .target(name: "EBPFISA"),
    .target(name: "EBPFTables"),
    .target(name: "EBPFTypes"),
    .target(name: "EBPFBTF", dependencies: ["EBPFTypes"]),
    .target(name: "EBPFCapture"),
    .target(name: "EBPFObject", dependencies: ["EBPFISA", "EBPFTables", "EBPFBTF"]),
    .target(name: "EBPFVerifier", dependencies: ["EBPFISA", "EBPFTables", "EBPFBTF", "EBPFObject"]),
    .target(name: "EBPFJIT", dependencies: ["EBPFISA"]),

    // What an eBPF program in Swift imports. These also compile as Embedded Swift, inside of the toolchain.
    .target(name: "CBPF"),
    .target(
      name: "BPF", dependencies: ["EBPFTypes", "CBPF"],
      swiftSettings: [.enableExperimentalFeature("RawLayout"), .enableExperimentalFeature("BuiltinModule")]),

    // ------------------------------------------------------------------------------------------------ the line
    .target(name: "CEBPF"),
    .target(name: "EBPFHost", dependencies: ["EBPFTables", "EBPFBTF", "EBPFCapture", "EBPFObject", "EBPFTypes"]),
    .target(
      name: "EBPFRuntime",
      dependencies: [
        "EBPFHost", "EBPFVerifier", "EBPFJIT", "EBPFCapture", "EBPFISA", "EBPFTables", "EBPFBTF", "EBPFObject", "CEBPF", "CBPF",
      ]),
    .target(
      name: "EBPFKernel",
      dependencies: ["EBPFHost", "EBPFBTF", "EBPFISA", "EBPFTables", "EBPFCapture", "EBPFObject", "CEBPF"]),
    .target(
      name: "EBPFToolchain",
      dependencies: [
        "EBPFObject", "EBPFBTF", "EBPFTables",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Headers"]),
    .target(
      name: "EBPFTesting",
      dependencies: ["EBPFHost", "EBPFObject", "EBPFRuntime", "EBPFKernel", "EBPFToolchain", "EBPFTypes", "EBPFCapture", "BPF"]),
    .target(
      name: "EBPF",
      dependencies: [
        "EBPFHost", "EBPFObject", "EBPFRuntime", "EBPFKernel", "EBPFToolchain", "EBPFTypes", "EBPFISA", "EBPFTables", "EBPFBTF",
        "EBPFCapture",
      ]),
    .target(
      name: "EBPFCommands",
      dependencies: [
        "EBPFISA", "EBPFTables", "EBPFBTF", "EBPFCapture", "EBPFObject", "EBPFVerifier", "EBPFJIT", "EBPFHost", "EBPFRuntime",
        "EBPFKernel", "EBPFToolchain",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .executableTarget(name: "EBPFTool", dependencies: ["EBPFCommands"]),
    // What packages build their programs with.
    .executableTarget(name: "EBPFBuild", dependencies: ["EBPFToolchain"]),
    .plugin(name: "EBPFPlugin", capability: .buildTool(), dependencies: ["EBPFBuild"]),

    // Tests mirror Sources/. Those that need the kernel have their own target.
    // EBPFTestSupport holds what several of them read: test vectors and a generator of random programs.
    .target(
      name: "EBPFTestSupport", dependencies: ["EBPFISA", "EBPFTables", "EBPFBTF", "EBPFObject"], path: "Tests/EBPFTestSupport"),
    .testTarget(name: "EBPFISATests", dependencies: ["EBPFISA", "EBPFTestSupport"]),
    .testTarget(name: "EBPFTablesTests", dependencies: ["EBPFTables"]),
    .testTarget(name: "EBPFTypesTests", dependencies: ["EBPFTypes"]),
    .testTarget(name: "BPFTests", dependencies: ["BPF", "EBPFTables"]),
    .testTarget(name: "EBPFBTFTests", dependencies: ["EBPFBTF"]),
    .testTarget(name: "EBPFCaptureTests", dependencies: ["EBPFCapture"]),
    .testTarget(name: "EBPFObjectTests", dependencies: ["EBPFObject", "EBPFISA", "EBPFTables", "EBPFBTF"]),
    .testTarget(
      name: "EBPFVerifierTests", dependencies: ["EBPFVerifier", "EBPFObject", "EBPFISA", "EBPFTables", "EBPFBTF", "EBPFTestSupport"]),
    .testTarget(name: "EBPFJITTests", dependencies: ["EBPFJIT", "EBPFISA", "EBPFTestSupport"]),
    .testTarget(
      name: "EBPFRuntimeTests",
      dependencies: [
        "EBPFRuntime", "EBPFHost", "EBPFVerifier", "EBPFObject", "EBPFISA", "EBPFTables", "EBPFBTF", "EBPFCapture", "EBPFTestSupport",
      ]),
    // What an application sees.
    .testTarget(name: "EBPFTests", dependencies: ["EBPF"]),
    .testTarget(
      name: "EBPFToolchainTests",
      dependencies: ["EBPFToolchain", "EBPFObject", "EBPFISA", "EBPFBTF", "EBPFTables", "EBPFHost", "EBPFRuntime"]),
    .testTarget(
      name: "EBPFKernelTests",
      dependencies: [
        "EBPFKernel", "EBPFRuntime", "EBPFHost", "EBPFVerifier", "EBPFObject", "EBPFISA", "EBPFTables", "EBPFBTF", "EBPFCapture",
        "EBPFToolchain", "EBPFTestSupport",
      ]),
    .testTarget(name: "EBPFTestingTests", dependencies: ["EBPFTesting", "EBPFCapture", "EBPFHost", "EBPFToolchain", "EBPFTypes", "BPF"]),
    // Programs in Swift, compiled when the tests run; those of nativeExamples, natively, are in the tests themselves.
    .target(
      name: "NativeExampleSupport", dependencies: ["BPF", "EBPFHost", "EBPFTesting"], path: "Tests/NativeExamples/Support"),
    .testTarget(
      name: "SwiftProgramTests",
      dependencies: [
        "EBPFToolchain", "EBPFHost", "EBPFRuntime", "EBPFKernel", "EBPFObject", "EBPFTables", "EBPFTesting", "EBPFTypes", "EBPFCapture",
        "EBPFBTF", "EBPFISA", "EBPFCommands", "NativeExampleSupport",
      ],
      exclude: ["Programs", "WrongPrograms"]),
    .testTarget(
      name: "EBPFBuildTests", dependencies: ["EBPFBuild", "EBPFToolchain", "EBPFObject", "EBPFBTF"]),
    .testTarget(name: "EBPFCommandsTests", dependencies: ["EBPFCommands", "EBPFTool", "EBPFCapture", "EBPFISA"]),
  ],
  swiftLanguageModes: [.v6]
)

for name in nativeExamples {
  // A link to the program, and what hands its functions and maps to the tests. In language mode 5 globals are plain `var`.
  package.targets.append(
    .target(
      name: "Native\(name)", dependencies: ["BPF", "EBPFHost", "EBPFTesting", "NativeExampleSupport"],
      path: "Tests/NativeExamples/\(name)", swiftSettings: [.swiftLanguageMode(.v5)]))
  package.targets.first { $0.name == "SwiftProgramTests" }?.dependencies.append(.byName(name: "Native\(name)"))
}

for target in package.targets where target.type != .system && target.type != .plugin {
  var settings = target.swiftSettings ?? []
  settings.append(.enableUpcomingFeature("MemberImportVisibility"))
  settings.append(.enableUpcomingFeature("ExistentialAny"))
  target.swiftSettings = settings
}
