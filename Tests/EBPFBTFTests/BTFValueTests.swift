import EBPFBTF
import Testing

@Suite struct BTFValueTests {
  @Test("of a value that is cut off, text behind the end is empty", arguments: [0, 10, 47, 48, 50])
  func cutText(count: Int) throws {
    let (btf, all, bytes) = try Self.build(isBigEndian: false)
    guard case .structure(let fields) = try btf.value(of: Array(bytes.prefix(count)), as: all) else {
      Issue.record("no structure")
      return
    }
    let text = String(decoding: bytes[48..<56].prefix(max(0, count - 48)).prefix { $0 != 0 }, as: UTF8.self)
    #expect(fields.first { $0.name == "name" }?.value == .text(text))
  }

  /// A type whose parts cover what values can be, and bytes for it, in both byte orders.
  static func build(isBigEndian: Bool) throws -> (BTF, BTF.TypeID, [UInt8]) {
    var builder = BTFBuilder(isBigEndian: isBigEndian)
    let u32 = builder.addInteger("unsigned int", size: 4)
    let s64 = builder.addInteger("long long", size: 8, isSigned: true)
    let char = builder.addInteger("char", size: 1, isSigned: true)
    let bool = builder.addInteger("_Bool", size: 1, isBoolean: true)
    let u128 = builder.addInteger("unsigned __int128", size: 16)
    let double = builder.addFloat("double", size: 8)
    let color = builder.addEnumeration("color", enumerators: [.init("RED", 0), .init("GREEN", 7)])
    let level = builder.addEnumeration("level", isSigned: true, enumerators: [.init("LOW", -1)])
    let big = builder.addEnumeration("big", size: 8, enumerators: [.init("HUGE", 1 << 40)])
    let name = builder.addArray(of: char, count: 8, index: u32)
    let pair = builder.addArray(of: u32, count: 2, index: u32)
    let pointer = builder.addPointer(to: 0)
    let alias = builder.addTypedef("count_t", of: builder.addModifier(.const, of: s64))
    let inner = builder.addStructure(
      "", size: 4,
      members: [
        .init("x", type: u32, bitOffset: 0, bitFieldSize: 3), .init("y", type: u32, bitOffset: 3, bitFieldSize: 13),
        .init("", type: u32, bitOffset: 16, bitFieldSize: 15), .init("z", type: u32, bitOffset: 31, bitFieldSize: 1),
      ])
    let members: [(String, BTF.TypeID, Int)] = [
      ("count", alias, 0), ("wide", u128, 8), ("ratio", double, 24), ("color", color, 32), ("level", level, 36), ("big", big, 40),
      ("name", name, 48), ("pair", pair, 56), ("next", pointer, 64), ("", inner, 72), ("flag", bool, 76), ("letter", char, 77),
    ]
    let all = builder.addStructure(
      "all", size: 80, members: members.map { .init($0.0, type: $0.1, bitOffset: 8 * $0.2) })

    var bytes: [UInt8] = []
    func put(_ value: UInt128, _ size: Int) {
      for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt128(8 * (isBigEndian ? size - 1 - index : index)))) }
    }
    put(UInt128(UInt64(bitPattern: -(1 << 53) - 1)), 8)
    put(1 << 100, 16)
    put(UInt128((1.5).bitPattern), 8)
    put(7, 4)
    put(0xffff_ffff, 4)
    put(1 << 40, 8)
    bytes += Array("eth0\0xyz".utf8)
    put(1, 4)
    put(2, 4)
    put(0xffff_8880_1234_5678, 8)
    // x = 5, y = 4660, z = 1: from the low bits of little-endian words, from the high bits of big-endian ones.
    put(isBigEndian ? 5 << 29 | 4660 << 16 | 1 : 5 | 4660 << 3 | 1 << 31, 4)
    put(1, 1)
    put(0x41, 1)
    put(0, 2)
    return (try builder.build(), all, bytes)
  }

  static let json =
    #"{"count":"-9007199254740993","wide":"1267650600228229401496703205376","ratio":1.5,"color":"GREEN","level":"LOW","big":"HUGE","#
    + #""name":"eth0","pair":[1,2],"next":"0xffff888012345678","x":5,"y":4660,"z":1,"flag":true,"letter":65}"#

  @Test(arguments: [false, true]) func decodesEveryKind(isBigEndian: Bool) throws {
    let (btf, id, bytes) = try Self.build(isBigEndian: isBigEndian)
    let value = try btf.value(of: bytes, as: id)
    #expect(value.json == Self.json)
    #expect(value["y"]?.integer == 4660)
    #expect(value.text.hasPrefix("{count = -9007199254740993, wide = 1267650600228229401496703205376, ratio = 1.5, color = GREEN"))
    #expect(value.text.hasSuffix("flag = true, letter = 'A'}"))
  }

  @Test func numbersUpTo2To53AreNumbers() {
    #expect(BTFValue.unsigned(1 << 53).json == "9007199254740992")
    #expect(BTFValue.unsigned(1 << 53 + 1).json == "\"9007199254740993\"")
    #expect(BTFValue.signed(-(1 << 53)).json == "-9007199254740992")
  }

  @Test func missingBytesAreNull() throws {
    let (btf, id, bytes) = try Self.build(isBigEndian: false)
    let value = try btf.value(of: Array(bytes.prefix(60)), as: id)
    #expect(value["pair"] == .array([.unsigned(1)]))
    #expect(value["next"] == .null)
    #expect(value["flag"] == .null)
  }

  @Test func hostileTypesEnd() throws {
    var builder = BTFBuilder()
    let byte = builder.addInteger("u8", size: 1)
    // Each union holds two of the one before: 2^40 ways to look at one byte.
    var last = byte
    for _ in 0..<40 {
      last = builder.addStructure(
        "", isUnion: true, size: 1, members: [.init("a", type: last, bitOffset: 0), .init("b", type: last, bitOffset: 0)])
    }
    let loop = builder.addTypedef("t", of: builder.nextID)
    let btf = try builder.build()
    #expect(throws: BTFError.self) { try btf.value(of: [1], as: last) }
    #expect(try btf.value(of: [1], as: loop) == .null)
    #expect(btf.size(of: loop) == nil)
  }

  @Test func escapesStrings() {
    #expect(BTFValue.text("a\"b\\\n\u{1}\u{e9}").json == "\"a\\\"b\\\\\\n\\u0001\u{e9}\"")
    #expect(BTFValue.hex([0x0a, 0xff]) == "0aff")
  }
}
