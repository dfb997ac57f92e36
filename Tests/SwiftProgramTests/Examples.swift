import EBPFCapture
import EBPFHost
import EBPFObject
import EBPFTesting
import EBPFToolchain
import Foundation
import Testing

/// One of the programs of the folder `Examples`, and its twin in C.
struct Example: Sendable, Hashable, CustomTestStringConvertible {
  enum Language: String, Sendable, Hashable, CaseIterable {
    case swift = "swift"
    case c = "bpf.c"
  }

  /// The example's folder.
  let folder: String
  /// The name of both files, without what is behind the dot.
  let file: String

  var testDescription: String { folder }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Examples")

  static let packetCounter = Example(folder: "PacketCounter", file: "packet_counter")
  static let protocolStatistics = Example(folder: "ProtocolStatistics", file: "protocol_statistics")
  static let synGuard = Example(folder: "SYNGuard", file: "syn_guard")
  static let loadBalancer = Example(folder: "LoadBalancer", file: "load_balancer")
  static let dnsInspector = Example(folder: "DNSInspector", file: "dns_inspector")
  static let vlanRewriter = Example(folder: "VLANRewriter", file: "vlan_rewriter")
  static let egressMarks = Example(folder: "EgressMarks", file: "egress_marks")

  static let taskIterator = Example(folder: "TaskIterator", file: "task_iterator")

  /// Those that run on packets.
  static let network = [packetCounter, protocolStatistics, synGuard, loadBalancer, dnsInspector, vlanRewriter, egressMarks]
  /// Those that are attached to the kernel or to processes.
  static let tracers = [
    Example(folder: "ExecTracer", file: "exec_tracer"), Example(folder: "RunQueueLatency", file: "run_queue_latency"),
    Example(folder: "TCPLifetimes", file: "tcp_lifetimes"), Example(folder: "SyscallCounts", file: "syscall_counts"),
    Example(folder: "FunctionLatency", file: "function_latency"), taskIterator,
  ]
  static let all = network + tracers

  /// Where a test can run; the kernel takes root.
  static let hosts: [TestHost] = geteuid() == 0 ? TestHost.allCases : [.userspace, .userspaceJIT]

  /// The example's source.
  func path(_ language: Language = .swift) -> String {
    Self.root.appendingPathComponent(folder).appendingPathComponent("\(file).\(language.rawValue)").path
  }

  /// One of the captures beside the examples.
  static func capture(_ name: String) throws -> Capture {
    try Capture(bytes: Array(Data(contentsOf: root.appendingPathComponent("Captures/\(name).pcap"))))
  }

  /// The bytes of its object, compiled once in a run.
  func compile(_ language: Language = .swift) async throws -> [UInt8] { try await ExampleObjects.shared.object(path(language)) }

  /// Its object.
  func object(_ language: Language = .swift) async throws -> ObjectSpec {
    try ObjectSpec(bytes: await compile(language), name: "\(file).\(language.rawValue)")
  }

  /// The example on a host, with settings other than its own.
  func program(
    _ language: Language = .swift, on host: TestHost, settings: [String: UInt64] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> TestProgram {
    var object = try await object(language)
    for (name, value) in settings {
      let variable = try #require(object.variables.first { $0.name == name }, "no setting '\(name)'", sourceLocation: sourceLocation)
      guard case .bytes(var bytes)? = object.maps[variable.map].contents.first?.value else { continue }
      withUnsafeBytes(of: value.littleEndian) {
        bytes.replaceSubrange(variable.offset..<variable.offset + variable.size, with: $0.prefix(variable.size))
      }
      object.maps[variable.map].contents[0].value = .bytes(bytes)
    }
    return try TestProgram(object, on: host)
  }
}

/// The objects of the examples, each compiled when it is first asked for.
private actor ExampleObjects {
  static let shared = ExampleObjects()
  private var objects: [String: Task<[UInt8], any Error>] = [:]

  func object(_ path: String) async throws -> [UInt8] {
    let task = objects[path] ?? Task { try await Toolchain.compile([path]).object }
    objects[path] = task
    return try await task.value
  }
}

extension TestMap {
  /// The sum of a counter over all processors; `nil` where the key is not there.
  func total<Key: BitwiseCopyable>(of key: Key) throws -> UInt64? { try values(of: key, as: UInt64.self)?.reduce(0, &+) }
}
