// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that the root one stays light and so that these measurements see only what every user sees.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "swift-ebpf", path: "..")],
  targets: [
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        .product(name: "EBPF", package: "swift-ebpf"),
        .product(name: "EBPFCapture", package: "swift-ebpf"),
        .product(name: "EBPFISA", package: "swift-ebpf"),
        .product(name: "EBPFJIT", package: "swift-ebpf"),
        .product(name: "EBPFObject", package: "swift-ebpf"),
        .product(name: "EBPFVerifier", package: "swift-ebpf"),
      ],
      swiftSettings: [.enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("ExistentialAny")])
  ],
  swiftLanguageModes: [.v6]
)
