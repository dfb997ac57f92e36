import EBPFCommands
import EBPFISA
import Foundation
import Testing

/// libpcap and tcpdump as compilers of expressions.
@Suite struct FilterCompilerTests {
  /// The first 24 bytes of a little-endian savefile.
  static func header(_ linkType: UInt8) -> [UInt8] {
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0] + [UInt8](repeating: 0, count: 8) + [0xff, 0xff, 0, 0, linkType, 0, 0, 0]
  }

  @Test("both give the same programs", .enabled(if: FilterCommandTests.tcpdump != nil, "tcpdump is not installed"))
  func equalPrograms() async throws {
    let tcpdumpOnly = FilterCompiler(libraries: [])
    for linkType in [1, 101, 113] as [UInt8] {
      let header = Self.header(linkType)
      for expression in ["tcp port 80", "ip6 protochain 6", "udp port 53", "len < 100", ""] {
        let theirs = try await tcpdumpOnly.compile(expression, savefileHeader: header)
        #expect(theirs.compiler == .tcpdump)
        let ours = try await FilterCompiler().compile(expression, savefileHeader: header)
        #expect(ours.decimalText == theirs.decimalText)
        try ClassicProgram(decimalText: ours.decimalText).check(for: .libpcap)
      }
    }
    let error = await #expect(throws: CommandFailure.self) {
      try await tcpdumpOnly.compile("tcp port", savefileHeader: Self.header(1))
    }
    #expect(error?.description.hasPrefix("'tcp port': tcpdump: ") == true)
  }

  @Test("without either there is one line that names the packages")
  func neither() async throws {
    let compiler = FilterCompiler(libraries: ["libnone.so.1"], tcpdump: "no-such-tcpdump")
    let error = await #expect(throws: CommandFailure.self) { try await compiler.compile("ip", savefileHeader: Self.header(1)) }
    #expect(error?.description.contains("install Debian's package libpcap0.8 or tcpdump") == true)
    #expect(error?.description.contains("\n") == false)
  }
}
