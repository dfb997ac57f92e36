import EBPFHost
import EBPFISA
import EBPFRuntime
import EBPFTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// libpcap's own interpreter, where the library is installed: what tcpdump applies to savefiles.
struct LibpcapInterpreter: @unchecked Sendable {
  private typealias Filter = @convention(c) (UnsafeRawPointer, UnsafeRawPointer?, UInt32, UInt32) -> UInt32
  private let filter: Filter

  init?() {
    for name in ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so", "/usr/lib/libpcap.A.dylib"] {
      guard let library = dlopen(name, RTLD_NOW), let function = dlsym(library, "bpf_filter") else { continue }
      filter = unsafeBitCast(function, to: Filter.self)
      return
    }
    return nil
  }

  static let shared = LibpcapInterpreter()

  func run(_ program: ClassicProgram, on packet: ClassicEvaluator.Packet) -> UInt32 {
    #if _endian(little)
    let code = ClassicInstruction.encode(program.instructions)
    #else
    let code = ClassicInstruction.encode(program.instructions, byteOrder: .big)
    #endif
    return code.withUnsafeBytes { code in
      packet.bytes.withUnsafeBytes { filter(code.baseAddress!, $0.baseAddress, packet.length, UInt32($0.count)) }
    }
  }
}

/// Translations for libpcap's machine against that machine itself.
@Suite(.enabled(if: LibpcapInterpreter.shared != nil, "libpcap is not installed"))
struct LibpcapTests {
  @Test func randomPrograms() throws {
    let libpcap = try #require(LibpcapInterpreter.shared)
    let seed: UInt64 = 11
    var generator = ClassicGenerator(seed: seed)
    var results: Set<UInt32> = []
    for number in 0..<4000 {
      let program = generator.valid(count: 2 + number % 60, ancillary: [], length: 64)
      let loaded = try ClassicTranslationTests.load(program, .libpcap, .jit)
      defer { loaded.close() }
      for count in [1, 14, 33, 64, 64, 80] {
        let packet = ClassicEvaluator.Packet((0..<count).map { _ in UInt8(truncatingIfNeeded: generator.random.next()) }, length: count + 9)
        let expected = libpcap.run(program, on: packet)
        let result = UInt32(truncatingIfNeeded: try loaded.programs[0].run(on: ClassicTranslationTests.image(packet, [:])))
        guard result == expected else {
          Issue.record("seed \(seed), program \(number), \(count) bytes: \(result), libpcap says \(expected)\n\(program.listing)")
          return
        }
        results.insert(result)
      }
    }
    #expect(results.count > 1000)
  }
}
