import EBPFISA
import Testing

/// Listings of big-endian objects: the words are the same, the bytes stand the other way round.
@Suite struct BigEndianListingTests {
  /// `llvm-objdump -d --no-print-imm-hex` (LLVM 21) of an object that clang made for `bpfeb` at `-mcpu=v4`.
  static let listing = """
    0000000000000000 <prog>:
           0:	bf 61 00 00 00 00 00 00	r6 = r1
           1:	62 a0 ff fc 01 02 03 04	*(u32 *)(r10 - 4) = 16909060
           2:	bf 2a 00 00 00 00 00 00	r2 = r10
           3:	07 20 00 00 ff ff ff fc	r2 += -4
           4:	85 00 00 00 00 00 00 01	call 1
           5:	15 00 00 05 00 00 00 00	if r0 == 0 goto +5 <prog+0x58>
           6:	79 16 00 18 00 00 00 00	r1 = *(u64 *)(r6 + 24)
           7:	18 20 00 00 55 66 77 88 00 00 00 00 11 22 33 44	r2 = 1234605616436508552 ll
           9:	af 12 00 00 00 00 00 00	r1 ^= r2
          10:	7b 61 00 18 00 00 00 00	*(u64 *)(r6 + 24) = r1
          11:	b7 10 00 00 00 00 00 05	r1 = 5
          12:	db 61 00 08 00 00 00 01	r1 = atomic_fetch_add((u64 *)(r6 + 8), r1)
          13:	79 16 00 10 00 00 00 00	r1 = *(u64 *)(r6 + 16)
          14:	15 10 00 0a 00 00 00 00	if r1 == 0 goto +10 <prog+0xc8>
          15:	b7 20 00 00 00 00 00 00	r2 = 0
          16:	79 36 00 00 00 00 00 00	r3 = *(u64 *)(r6 + 0)
          17:	bc 33 00 08 00 00 00 00	w3 = (s8)w3
          18:	bf 46 00 00 00 00 00 00	r4 = r6
          19:	69 54 00 00 00 00 00 00	w5 = *(u16 *)(r4 + 0)
          20:	0c 53 00 00 00 00 00 00	w5 += w3
          21:	6b 45 00 00 00 00 00 00	*(u16 *)(r4 + 0) = w5
          22:	07 40 00 00 00 00 00 02	r4 += 2
          23:	07 20 00 00 00 00 00 01	r2 += 1
          24:	2d 12 ff fa 00 00 00 00	if r1 > r2 goto -6 <prog+0x98>
          25:	79 16 00 20 00 00 00 00	r1 = *(u64 *)(r6 + 32)
          26:	85 01 00 00 00 00 00 01	call 1
          27:	95 00 00 00 00 00 00 00	exit

    00000000000000e0 <twice>:
          28:	bc 21 00 00 00 00 00 00	w2 = w1
          29:	bf 02 00 20 00 00 00 00	r0 = (s32)r2
          30:	27 00 00 00 55 55 55 55	r0 *= 1431655765
          31:	77 00 00 00 00 00 00 20	r0 >>= 32
          32:	1c 01 00 00 00 00 00 00	w0 -= w1
          33:	bc 10 00 00 00 00 00 00	w1 = w0
          34:	74 10 00 00 00 00 00 1f	w1 >>= 31
          35:	c4 00 00 00 00 00 00 01	w0 s>>= 1
          36:	0c 01 00 00 00 00 00 00	w0 += w1
          37:	95 00 00 00 00 00 00 00	exit

    """

  @Test func isReadAndWritten() throws {
    let program = try Assembler().assemble(Self.listing).instructions
    #expect(program.count == 38)
    #expect(program[1] == .store(.w, .r10, -4, 0x0102_0304))
    #expect(Array(program[7...8]) == Instruction.wide(.r2, 0x1122_3344_5566_7788))
    #expect(program[26] == .callLocal(1))
    let symbols = [Disassembler.Symbol("prog", at: 0), Disassembler.Symbol("twice", at: 28)]
    #expect(Disassembler().listing(program, symbols: symbols, byteOrder: .big) == Self.listing)
    #expect(Disassembler().listing(program, symbols: symbols) != Self.listing)
    let slots = program.map { String($0.bits, radix: 16) }
    let again = try Assembler().assemble(Disassembler(style: .kernel).listing(program, byteOrder: .big)).instructions
    #expect(again.map { String($0.bits, radix: 16) } == slots)
  }

  @Test("bytes that are the words' in neither order are refused")
  func contradiction() {
    let error = #expect(throws: AssemblyError.self) { try Assembler().assemble("       0:\tbf 61 00 00 00 00 00 01\tr6 = r1\n") }
    #expect(error?.message == "the words are not those of the bytes beside them")
  }
}
