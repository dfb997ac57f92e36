import EBPFISA
import Testing

/// Classic programs as text, compared with what tcpdump 4.99.3 with libpcap 1.10.3 prints.
@Suite struct ClassicTextTests {
  /// `tcpdump -d`, `-dd` and `-ddd` of `tcp port 80 and (ip[2:2] - ((ip[0]&0xf)<<2)) != 0`, Ethernet; the two IPv6 branches taken out by `ip`.
  static let listing = """
    (000) ldh      [12]
    (001) jeq      #0x800           jt 2	jf 21
    (002) ldb      [23]
    (003) jeq      #0x6             jt 4	jf 21
    (004) ldh      [20]
    (005) jset     #0x1fff          jt 21	jf 6
    (006) ldxb     4*([14]&0xf)
    (007) ldh      [x + 14]
    (008) jeq      #0x50            jt 11	jf 9
    (009) ldh      [x + 16]
    (010) jeq      #0x50            jt 11	jf 21
    (011) ld       #0x5
    (012) st       M[3]
    (013) ldb      [14]
    (014) and      #0xf
    (015) lsh      #2
    (016) tax      
    (017) ldh      [16]
    (018) sub      x
    (019) jeq      #0x0             jt 21	jf 20
    (020) ret      #262144
    (021) ret      #0

    """
  static let decimal = """
    22
    40 0 0 12
    21 0 19 2048
    48 0 0 23
    21 0 17 6
    40 0 0 20
    69 15 0 8191
    177 0 0 14
    72 0 0 14
    21 2 0 80
    72 0 0 16
    21 0 10 80
    0 0 0 5
    2 0 0 3
    48 0 0 14
    84 0 0 15
    100 0 0 2
    7 0 0 0
    40 0 0 16
    28 0 0 0
    21 1 0 0
    6 0 0 262144
    6 0 0 0

    """
  static let c = """
    { 0x28, 0, 0, 0x0000000c },
    { 0x15, 0, 19, 0x00000800 },
    { 0x30, 0, 0, 0x00000017 },
    { 0x15, 0, 17, 0x00000006 },
    { 0x28, 0, 0, 0x00000014 },
    { 0x45, 15, 0, 0x00001fff },
    { 0xb1, 0, 0, 0x0000000e },
    { 0x48, 0, 0, 0x0000000e },
    { 0x15, 2, 0, 0x00000050 },
    { 0x48, 0, 0, 0x00000010 },
    { 0x15, 0, 10, 0x00000050 },
    { 0x0, 0, 0, 0x00000005 },
    { 0x2, 0, 0, 0x00000003 },
    { 0x30, 0, 0, 0x0000000e },
    { 0x54, 0, 0, 0x0000000f },
    { 0x64, 0, 0, 0x00000002 },
    { 0x7, 0, 0, 0x00000000 },
    { 0x28, 0, 0, 0x00000010 },
    { 0x1c, 0, 0, 0x00000000 },
    { 0x15, 1, 0, 0x00000000 },
    { 0x6, 0, 0, 0x00040000 },
    { 0x6, 0, 0, 0x00000000 },

    """

  @Test func threeFormsOfAProgram() throws {
    let program = try ClassicProgram(decimalText: Self.decimal)
    #expect(program.listing == Self.listing)
    #expect(program.decimalText == Self.decimal)
    #expect(program.cText == Self.c)
    #expect(try ClassicProgram(cText: Self.c) == program)
    #expect(try ClassicProgram(decimalText: "4,40 0 0 12,21 0 1 2048,6 0 0 65535,6 0 0 0").instructions.count == 4)
    try program.check()
  }

  /// libpcap's `bpf_image` of each code at place 7, with k = 0xfffff004, jt 3 and jf 4.
  static let images: [(UInt16, String)] = [
    (0x00, "(007) ld       #0xfffff004"), (0x01, "(007) ldx      #0xfffff004"), (0x02, "(007) st       M[-4092]"),
    (0x03, "(007) stx      M[-4092]"), (0x04, "(007) add      #-4092"), (0x05, "(007) ja       -4084"), (0x06, "(007) ret      #-4092"),
    (0x07, "(007) tax      "), (0x0c, "(007) add      x"), (0x14, "(007) sub      #-4092"),
    (0x15, "(007) jeq      #0xfffff004      jt 11\tjf 12"), (0x16, "(007) ret      "), (0x1c, "(007) sub      x"),
    (0x1d, "(007) jeq      x                jt 11\tjf 12"), (0x20, "(007) ld       [type]"), (0x24, "(007) mul      #-4092"),
    (0x25, "(007) jgt      #0xfffff004      jt 11\tjf 12"), (0x28, "(007) ldh      [type]"), (0x2c, "(007) mul      x"),
    (0x2d, "(007) jgt      x                jt 11\tjf 12"), (0x30, "(007) ldb      [type]"), (0x34, "(007) div      #-4092"),
    (0x35, "(007) jge      #0xfffff004      jt 11\tjf 12"), (0x3c, "(007) div      x"),
    (0x3d, "(007) jge      x                jt 11\tjf 12"),
    (0x40, "(007) ld       [x + -4092]"), (0x44, "(007) or       #0xfffff004"), (0x45, "(007) jset     #0xfffff004      jt 11\tjf 12"),
    (0x48, "(007) ldh      [x + -4092]"), (0x4c, "(007) or       x"), (0x4d, "(007) jset     x                jt 11\tjf 12"),
    (0x50, "(007) ldb      [x + -4092]"), (0x54, "(007) and      #0xfffff004"), (0x5c, "(007) and      x"),
    (0x60, "(007) ld       M[-4092]"),
    (0x61, "(007) ldx      M[-4092]"), (0x64, "(007) lsh      #-4092"), (0x6c, "(007) lsh      x"), (0x74, "(007) rsh      #-4092"),
    (0x7c, "(007) rsh      x"), (0x80, "(007) ld       #pktlen"), (0x84, "(007) neg      "), (0x87, "(007) txa      "),
    (0x94, "(007) mod      #-4092"), (0x9c, "(007) mod      x"), (0xa4, "(007) xor      #0xfffff004"), (0xac, "(007) xor      x"),
    (0xb1, "(007) ldxb     4*([-4092]&0xf)"), (0x81, "(007) unimp    0x81"), (0x1fd, "(007) unimp    0x1fd            jt 11\tjf 12"),
  ]

  @Test func everyCode() {
    for (code, image) in Self.images {
      #expect(ClassicInstruction(code: code, jumpTrue: 3, jumpFalse: 4, k: 0xffff_f004).image(at: 7) == image)
    }
    let known = Set(Self.images.map(\.0)).subtracting([0x1fd])
    #expect(known == Set(ClassicOperation.all.map(\.code)))
    for code in 0...UInt16.max {
      #expect(ClassicOperation(code: code)?.code ?? code == code)
      #expect((ClassicOperation(code: code) != nil) == known.contains(code))
    }
    #expect(ClassicInstruction(code: 0x06).image(at: 1234) == "(1234) ret      #0")
    let words =
      ["proto", "type", "ifidx", "nla", "nlan", "mark", "queue", "hatype", "rxhash", "cpu", "xor_x", "vlan_tci", "vlanp", "poff"]
      + ["random", "vlan_tpid"]
    for (index, word) in words.enumerated() {
      #expect(ClassicInstruction(code: 0x20, k: 0xffff_f000 + 4 * UInt32(index)).image(at: 0) == "(000) ld       [\(word)]")
    }
    #expect(ClassicInstruction(code: 0x20, k: 0xffff_f040).image(at: 0) == "(000) ld       [-4032]")
  }

  @Test func bytes() {
    // struct sock_filter { 0x15, 1, 2, 0x00000800 } on a little-endian and on a big-endian machine.
    let instruction = ClassicInstruction(code: 0x15, jumpTrue: 1, jumpFalse: 2, k: 0x800)
    #expect(ClassicInstruction.encode([instruction]) == [0x15, 0, 1, 2, 0, 8, 0, 0])
    #expect(ClassicInstruction.encode([instruction], byteOrder: .big) == [0, 0x15, 1, 2, 0, 0, 8, 0])
    #expect(ClassicInstruction.decode([0x15, 0, 1, 2, 0, 8, 0, 0]) == [instruction])
    #expect(ClassicInstruction.decode([0, 0x15, 1, 2, 0, 0, 8, 0], byteOrder: .big) == [instruction])
    #expect(ClassicInstruction.decode([1, 2, 3]) == nil)
  }

  @Test(arguments: [
    ("", "line 1: the text is empty; expected what 'tcpdump -ddd' prints"),
    ("ip host", "line 1: expected the number of instructions, as 'tcpdump -ddd' prints it first, found 'ip host'"),
    ("2\n6 0 0 0\n", "line 3: 1 instructions, but the first line announces 2"),
    ("1\n6 0 0 0\n6 0 0 0\n", "line 3: more than the 1 instructions that the first line announces"),
    ("1\n6 0 0\n", "line 2: expected 'code jt jf k', four decimal numbers, found '6 0 0'"),
    ("1\n6 0 256 0\n", "line 2: jf is '256', expected a decimal number up to 255"),
    ("1\n6 0 0 4294967296\n", "line 2: k is '4294967296', expected a decimal number up to 4294967295"),
    ("1\n65536 0 0 0\n", "line 2: code is '65536', expected a decimal number up to 65535"),
    ("1\n6 0 +1 0\n", "line 2: jf is '+1', expected a decimal number up to 255"),
    ("1\n6 0 -1 0\n", "line 2: jf is '-1', expected a decimal number up to 255"),
  ])
  func badDecimalText(text: String, message: String) {
    let error = #expect(throws: ClassicError.self) { try ClassicProgram(decimalText: text) }
    #expect(error?.description == message)
  }

  @Test(arguments: [
    ("BPF_STMT(6, 0)", "line 1: expected '{ code, jt, jf, k },', found 'BPF_STMT(6, 0)'"),
    ("{ 6, 0, 0, 0 },\n{ 6, 0, 0 }", "line 2: expected four numbers between the braces, found '{ 6, 0, 0 }'"),
    ("{ 6, 0, 0, 0x }", "line 1: k is '0x', expected a number up to 4294967295"),
    ("{ 6, 0, 0x100, 0 }", "line 1: jf is '0x100', expected a number up to 255"),
  ])
  func badCText(text: String, message: String) {
    let error = #expect(throws: ClassicError.self) { try ClassicProgram(cText: text) }
    #expect(error?.description == message)
  }
}
