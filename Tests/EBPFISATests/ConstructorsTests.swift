import EBPFISA
import Testing

@Suite struct ConstructorsTests {
  /// The bytes are those that clang's assembler makes of the text beside them.
  @Test(arguments: [
    (Instruction.mov64(.r0, 1), 0x0000_0001_0000_00b7 as UInt64),  // r0 = 1
    (.mov64(.r1, .r2), 0x0000_0000_0000_21bf),  // r1 = r2
    (.mov32(.r3, -1), 0xffff_ffff_0000_03b4),  // w3 = -1
    (.alu64(.sdiv, .r1, .r2), 0x0000_0000_0001_213f),  // r1 s/= r2
    (.alu32(.smod, .r1, 5), 0x0000_0005_0001_0194),  // w1 s%= 5
    (.neg64(.r4), 0x0000_0000_0000_0487),  // r4 = -r4
    (.movsx64(.r1, .r2, bits: 32), 0x0000_0000_0020_21bf),  // r1 = (s32)r2
    (.movsx32(.r1, .r2, bits: 8), 0x0000_0000_0008_21bc),  // w1 = (s8)w2
    (.end(.big, .r1, bits: 16), 0x0000_0010_0000_01dc),  // r1 = be16 r1
    (.end(.little, .r1, bits: 64), 0x0000_0040_0000_01d4),  // r1 = le64 r1
    (.end(.swap, .r1, bits: 32), 0x0000_0020_0000_01d7),  // r1 = bswap32 r1
    (.load(.w, .r1, .r2, 4), 0x0000_0000_0004_2161),  // w1 = *(u32 *)(r2 + 4)
    (.loadSigned(.b, .r1, .r2, -1), 0x0000_0000_ffff_2191),  // r1 = *(s8 *)(r2 - 1)
    (.store(.dw, .r10, -8, .r1), 0x0000_0000_fff8_1a7b),  // *(u64 *)(r10 - 8) = r1
    (.store(.h, .r10, -8, 7), 0x0000_0007_fff8_0a6a),  // *(u16 *)(r10 - 8) = 7
    (.atomic(.fetchAdd, .dw, .r10, -8, .r1), 0x0000_0001_fff8_1adb),  // r1 = atomic_fetch_add((u64 *)(r10 - 8), r1)
    (.atomic(.compareExchange, .w, .r2, 0, .r1), 0x0000_00f1_0000_12c3),  // w0 = cmpxchg32_32(r2 + 0, w0, w1)
    (.loadAcquire(.w, .r1, .r2, 4), 0x0000_0100_0004_21c3),  // w1 = load_acquire((u32 *)(r2 + 4))
    (.jump(.eq, .r1, .r2, 3), 0x0000_0000_0003_211d),  // if r1 == r2 goto +3
    (.jump(.slt, .r1, -1, -2), 0xffff_ffff_fffe_01c5),  // if r1 s< -1 goto -2
    (.jump32(.set, .r1, 4, 1), 0x0000_0004_0001_0146),  // if w1 & 4 goto +1
    (.goto(-1), 0x0000_0000_ffff_0005),  // goto -1
    (.gotoLong(70000), 0x0001_1170_0000_0006),  // gotol +70000
    (.mayGoto(2), 0x0000_0000_0002_00e5),  // may_goto +2
    (.call(14), 0x0000_000e_0000_0085),  // call 14
    (.callLocal(-3), 0xffff_fffd_0000_1085),  // call -3
    (.callRegister(.r3), 0x0000_0000_0000_038d),  // callx r3
    (.exit, 0x0000_0000_0000_0095),  // exit
    (.addressSpaceCast(.r1, .r2, to: 0, from: 1), 0x0000_0001_0001_21bf),  // r1 = addr_space_cast(r2, 0, 1)
    (.loadAbsolute(.h, 12), 0x0000_000c_0000_0028),  // r0 = *(u16 *)skb[12]
    (.loadIndirect(.b, .r6, 2), 0x0000_0002_0000_6050),  // r0 = *(u8 *)skb[r6 + 2]
  ])
  func bits(instruction: Instruction, bits: UInt64) {
    #expect(instruction.bits == bits)
    #expect(Instruction(bits: bits) == instruction)
  }

  @Test func wideConstantsTakeTwoSlots() {
    let slots = Instruction.wide(.r3, 0x1122_3344_8899_aabb)
    #expect(slots.map(\.bits) == [0x8899_aabb_0000_0318, 0x1122_3344_0000_0000])
    #expect(Instruction.mapValue(.r1, index: 2, offset: 16).map(\.bits) == [0x0000_0002_0000_6118, 0x0000_0010_0000_0000])
  }
}
