import EBPF
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The two hosts, for tests that must not see a difference; the kernel takes root.
enum SampleHost: String, CaseIterable, Sendable {
  case userspace, kernel

  static let all: [SampleHost] = geteuid() == 0 ? allCases : [.userspace]

  func load(_ object: ObjectSpec) throws -> Loaded {
    switch self {
    case .userspace: try UserspaceHost().load(object)
    case .kernel: try KernelHost().load(object)
    }
  }
}

// The records that the program below declares too.

/// Three bytes between its fields.
struct Slot: BitwiseCopyable, Hashable {
  var kind: UInt8
  var id: UInt32
}

struct Traffic: BitwiseCopyable, Hashable {
  var packets: UInt64
  var bytes: UInt64
}

struct Event: BitwiseCopyable, Hashable {
  var serial: UInt64
  var length: UInt32
}

/// A program in Swift with maps of every kind that has a type on the application's side, compiled once.
enum SampleProgram {
  static let source = """
    import BPF

    let license = License.gpl

    struct Slot: BitwiseCopyable { var kind: UInt8; var id: UInt32 }
    struct Traffic: BitwiseCopyable { var packets: UInt64; var bytes: UInt64 }
    struct Event: BitwiseCopyable { var serial: UInt64; var length: UInt32 }

    let slots = HashMap<Slot, Traffic>(maxEntries: 64)
    let recent = LRUHashMap<UInt32, UInt64>(maxEntries: 64)
    let lengths = ArrayMap<UInt32>(count: 4)
    let processors = PerCPUArrayMap<UInt32>(count: 2)
    let byProcessor = PerCPUHashMap<UInt32, Traffic>(maxEntries: 16)
    let networks = LPMTrie<IPv4Prefix, UInt32>(maxEntries: 16)
    let waiting = QueueMap<UInt32>(maxEntries: 8)
    let events = RingBuffer<Event>(byteCount: 4096)

    let targetPort = Setting<UInt16>(80)
    let networkPort = Setting<Port>(80)
    var seen: UInt64 = 0
    var small: UInt8 = 0
    var step: UInt32 = 1

    @section("xdp") @used
    func filter(_ ctx: XDPContext) -> XDPAction {
      let size = UInt64(ctx.packet.byteCount)
      seen &+= UInt64(step)
      if let slot = slots[Slot(kind: 7, id: 9)] {
        slot.value.packets &+= 1
        slot.value.bytes &+= size
      }
      if let length = lengths[2] { length.value = UInt32(truncatingIfNeeded: size) }
      if let mine = processors[1] { mine.value &+= 1 }
      if let ip = ctx.packet.ethernet?.ipv4, let network = networks[IPv4Prefix(ip.source)] { waiting.push(network.value) }
      if let record = events.reserve() {
        record.value.serial = seen
        record.value.length = UInt32(truncatingIfNeeded: size)
        record.submit()
      }
      return targetPort.value == 443 && networkPort.value == 443 ? .drop : .pass
    }
    """

  private static let compiled = Task {
    var template = Array("/tmp/swift-ebpf-tests-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    let path = "\(folder)/sample.swift"
    defer {
      unlink(path)
      rmdir(folder)
    }
    let file = try #require(fopen(path, "w"))
    fputs(source, file)
    fclose(file)
    return try await Toolchain().compile(path)
  }

  static func object() async throws -> ObjectSpec { try await compiled.value }

  /// A packet of IPv4 from 10.0.0.1.
  static let packet: [UInt8] =
    [UInt8](repeating: 2, count: 12) + [8, 0, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
    + [UInt8](repeating: 0, count: 30)
}

extension Loaded {
  /// Runs the sample once; what it returned.
  @discardableResult
  func filter() throws -> UInt32 {
    UInt32(truncatingIfNeeded: try program("filter").run(TestInput(data: SampleProgram.packet)).returnValue)
  }
}

/// The message of the error that `body` throws.
func message(of body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return "nothing was thrown"
}
