// swift-tools-version: 6.3
import PackageDescription

// A package of its own: everything in it and below it is built with the sanitizers, see run.
let package = Package(
  name: "Fuzzing",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "swift-ebpf", path: "..")],
  targets: [
    // What libFuzzer offers to a program that has a `main` of its own.
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CFuzzer",
        .product(name: "EBPF", package: "swift-ebpf"),
        .product(name: "EBPFCapture", package: "swift-ebpf"),
        .product(name: "EBPFISA", package: "swift-ebpf"),
        .product(name: "EBPFJIT", package: "swift-ebpf"),
        .product(name: "EBPFObject", package: "swift-ebpf"),
        .product(name: "EBPFVerifier", package: "swift-ebpf"),
      ],
      swiftSettings: [.enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("ExistentialAny")]),
  ],
  swiftLanguageModes: [.v6]
)
