// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "TrafficReport",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "swift-ebpf", path: "../..")
  ],
  targets: [
    // The eBPF program. This target compiles it natively, for editors; the plugin makes eBPF of it for the targets that depend on it.
    .target(
      name: "Counter",
      dependencies: [.product(name: "BPF", package: "swift-ebpf")],
      swiftSettings: [.swiftLanguageMode(.v5)]),
    // The application: it has the type Counter from the program above, and VLANTags from Programs/TrafficReport/vlan_tags.bpf.c.
    .executableTarget(
      name: "TrafficReport",
      dependencies: ["Counter", .product(name: "EBPF", package: "swift-ebpf")],
      plugins: [.plugin(name: "EBPFPlugin", package: "swift-ebpf")]),
    .testTarget(
      name: "CounterTests",
      dependencies: ["Counter", .product(name: "EBPF", package: "swift-ebpf")],
      plugins: [.plugin(name: "EBPFPlugin", package: "swift-ebpf")]),
  ]
)
