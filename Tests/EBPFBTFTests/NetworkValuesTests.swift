import EBPFBTF
import Testing

@Suite struct NetworkValuesTests {
  private func text(_ name: String, _ member: String, _ bytes: [UInt8], size: Int? = nil) throws -> String {
    var builder = BTFBuilder()
    let byte = builder.addInteger("unsigned char", size: 1)
    let array = builder.addArray(of: byte, count: size ?? bytes.count, index: byte)
    let id = builder.addStructure(name, size: size ?? bytes.count, members: [.init(member, type: array, bitOffset: 0)])
    return try builder.build().value(of: bytes, as: id).text
  }

  @Test func addressesAreWrittenAsUsual() throws {
    #expect(try text("IPv4Address", "bytes", [192, 0, 2, 1]) == "192.0.2.1")
    #expect(try text("MACAddress", "words", [2, 0, 0, 0xab, 0, 1]) == "02:00:00:ab:00:01")
    #expect(try text("Port", "bytes", [0x01, 0xbb]) == "443")
    #expect(try text("EtherType", "bytes", [0x08, 0x00]) == "0x0800")
    #expect(try text("BigEndian_UInt32", "bytes", [0, 0, 1, 2]) == "258")
    let documentation: [UInt8] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    #expect(try text("IPv6Address", "words", documentation) == "2001:db8::1")
    #expect(try text("IPv6Address", "words", Array(repeating: 0, count: 16)) == "::")
    #expect(try text("IPv6Address", "words", Array(repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1]) == "::ffff:192.0.2.1")
    #expect(try text("IPv6Address", "words", [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4]) == "1:0:2::3:4")
  }

  /// A structure of a user's with one of these names and another shape stays what it is; bytes that are not there are null.
  @Test func onlyTheSameShapeCounts() throws {
    #expect(try text("IPv4Address", "octets", [192, 0, 2, 1]) == "{octets = [192, 0, 2, 1]}")
    #expect(try text("Port", "bytes", [1, 2, 3]) == "{bytes = [1, 2, 3]}")
    #expect(try text("IPv4Address", "bytes", [192, 0], size: 4) == "-")
  }
}
