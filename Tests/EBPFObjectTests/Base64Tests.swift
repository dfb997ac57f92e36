import EBPFObject
import Testing

/// Text in base 64, which skeletons hold their objects as.
@Suite struct Base64Tests {
  /// RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ]) func vectorsOfTheRFC(_ plain: String, _ text: String) {
    #expect(String(decoding: Base64.encode(Array(plain.utf8)), as: UTF8.self) == text)
    #expect(decode(text) == Array(plain.utf8))
  }

  @Test func everyByteComesBack() {
    for count in 250..<260 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167) }
      #expect(decode(String(decoding: Base64.encode(bytes), as: UTF8.self)) == bytes)
    }
  }

  @Test(arguments: ["Zg", "Zg=", "Z===", "Zm9v\n", "Zm 9", "Zm9-", "====", "Zg==Zg=="]) func otherTextIsRefused(_ text: String) {
    #expect(decode(text) == nil)
  }

  @Test func whatIsNoObjectIsNamed() {
    do {
      _ = try ObjectSpec(base64: "Zm9v", name: "Counter")
      Issue.record("three letters are no object")
    } catch { #expect(error.object == "Counter") }
    do {
      _ = try ObjectSpec(base64: "Zm9", name: "Counter")
      Issue.record("three characters are no text in base 64")
    } catch { #expect(error.object == "Counter" && error.message.contains("base 64")) }
  }

  private func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { Base64.decode($0) }
  }
}
