import EBPFISA
import Testing

/// The kernel's style, compared with what `bpftool prog dump xlated` (7.1) printed for a program that Linux 6.18 had loaded and rewritten.
@Suite struct KernelListingTests {
  /// The program's slots, as `bpftool prog dump xlated … file` wrote them.
  static let slots = """
    71167e000000000054060000010000001506070000000000bf16000000000000af2200000000000085000000c0b59c001500020000000000b400000002000000
    9500000000000000bf61000000000000bf16000000000000b40700000000000079615000000000007968c80000000000bf820000000000000702000022000000
    2d1240000000000071811700000000005401000003000000631afcff000000006161700000000000b7020000010000007b2af0ff000000007b1ae8ff00000000
    bfa200000000000007020000fcffffff181100000a310200000000000000000085000000700c050015000100000000000700000038000000bf07000000000000
    15071100000000006161700000000000db170000010000007971000000000000182200000c3102000000000000000000db12000041000000b701000007000000
    db170000e10000007b12000000000000b701000002000000b700000001000000db170000f10000008500000040580000bc010000000000007972000000000000
    af120000000000007b2700000000000061821a0000000000bf21000000000000dc010000400000007701000023000000dc02000020000000bc13000000000000
    c6020200fbffffffc402000002000000bc23000000000000650701004d000000bc3100000000000069820c0000000000dc020000100000006326a40000000000
    6316300000000000b4030000fdff00006b38020000000000b4070000020000002601010000000080b40700000100000084010000000000007b1af0ff00000000
    61a1fcff0000000054010000010000006701000003000000bfa300000000000007030000e8ffffff0f1300000000000079310000000000008510030001000000
    0c07000000000000bc700000000000009500000000000000bf100000000000004702000001000000270000000d0000005502020000000000ac00000000000000
    05000100000000003f20000000000000bf010000000000006701000020000000c701000020000000270100009324499277010000200000000c01000000000000
    bc12000000000000740200001f000000c4010000020000000c2100000000000024010000070000001c100000000000009500000000000000
    """

  /// The lines that it printed, source lines and names of functions left out.
  static let listing = """
       0: (71) r6 = *(u8 *)(r1 +126)
       1: (54) w6 &= 1
       2: (15) if r6 == 0x0 goto pc+7
       3: (bf) r6 = r1
       4: (af) r2 ^= r2
       5: (85) call bpf_skb_pull_data#10270144
       6: (15) if r0 == 0x0 goto pc+2
       7: (b4) w0 = 2
       8: (95) exit
       9: (bf) r1 = r6
      10: (bf) r6 = r1
      11: (b4) w7 = 0
      12: (79) r1 = *(u64 *)(r6 +80)
      13: (79) r8 = *(u64 *)(r6 +200)
      14: (bf) r2 = r8
      15: (07) r2 += 34
      16: (2d) if r2 > r1 goto pc+64
      17: (71) r1 = *(u8 *)(r8 +23)
      18: (54) w1 &= 3
      19: (63) *(u32 *)(r10 -4) = r1
      20: (61) r1 = *(u32 *)(r6 +112)
      21: (b7) r2 = 1
      22: (7b) *(u64 *)(r10 -16) = r2
      23: (7b) *(u64 *)(r10 -24) = r1
      24: (bf) r2 = r10
      25: (07) r2 += -4
      26: (18) r1 = map[id:143626]
      28: (85) call __htab_map_lookup_elem#330864
      29: (15) if r0 == 0x0 goto pc+1
      30: (07) r0 += 56
      31: (bf) r7 = r0
      32: (15) if r7 == 0x0 goto pc+17
      33: (61) r1 = *(u32 *)(r6 +112)
      34: (db) r1 = atomic64_fetch_add((u64 *)(r7 +0), r1)
      35: (79) r1 = *(u64 *)(r7 +0)
      36: (18) r2 = map[id:143628][0]+0
      38: (db) r1 = atomic64_fetch_or((u64 *)(r2 +0), r1)
      39: (b7) r1 = 7
      40: (db) r1 = atomic64_xchg((u64 *)(r7 +0), r1)
      41: (7b) *(u64 *)(r2 +0) = r1
      42: (b7) r1 = 2
      43: (b7) r0 = 1
      44: (db) r0 = atomic64_cmpxchg((u64 *)(r7 +0), r0, r1)
      45: (85) call bpf_user_rnd_u32#22592
      46: (bc) w1 = w0
      47: (79) r2 = *(u64 *)(r7 +0)
      48: (af) r2 ^= r1
      49: (7b) *(u64 *)(r7 +0) = r2
      50: (61) r2 = *(u32 *)(r8 +26)
      51: (bf) r1 = r2
      52: (dc) r1 = be64 r1
      53: (77) r1 >>= 35
      54: (dc) r2 = be32 r2
      55: (bc) w3 = w1
      56: (c6) if w2 s< 0xfffffffb goto pc+2
      57: (c4) w2 s>>= 2
      58: (bc) w3 = w2
      59: (65) if r7 s> 0x4d goto pc+1
      60: (bc) w1 = w3
      61: (69) r2 = *(u16 *)(r8 +12)
      62: (dc) r2 = be16 r2
      63: (63) *(u32 *)(r6 +164) = r2
      64: (63) *(u32 *)(r6 +48) = r1
      65: (b4) w3 = 65533
      66: (6b) *(u16 *)(r8 +2) = r3
      67: (b4) w7 = 2
      68: (26) if w1 > 0x80000000 goto pc+1
      69: (b4) w7 = 1
      70: (84) w1 = -w1
      71: (7b) *(u64 *)(r10 -16) = r1
      72: (61) r1 = *(u32 *)(r10 -4)
      73: (54) w1 &= 1
      74: (67) r1 <<= 3
      75: (bf) r3 = r10
      76: (07) r3 += -24
      77: (0f) r3 += r1
      78: (79) r1 = *(u64 *)(r3 +0)
      79: (85) call pc+3#bpf_prog_ad16f685588ff05b_mix
      80: (0c) w7 += w0
      81: (bc) w0 = w7
      82: (95) exit
      83: (bf) r0 = r1
      84: (47) r2 |= 1
      85: (27) r0 *= 13
      86: (55) if r2 != 0x0 goto pc+2
      87: (ac) w0 ^= w0
      88: (05) goto pc+1
      89: (3f) r0 /= r2
      90: (bf) r1 = r0
      91: (67) r1 <<= 32
      92: (c7) r1 s>>= 32
      93: (27) r1 *= -1840700269
      94: (77) r1 >>= 32
      95: (0c) w1 += w0
      96: (bc) w2 = w1
      97: (74) w2 >>= 31
      98: (c4) w1 s>>= 2
      99: (0c) w1 += w2
     100: (24) w1 *= 7
     101: (1c) w0 -= w1
     102: (95) exit
    """

  @Test func listingIsBpftools() throws {
    let digits = Array(Self.slots.utf8.filter { $0 != 10 })
    let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)! }
    let program = try #require(Instruction.decode(bytes))
    let ours = Disassembler(style: .kernel).listing(program, bytes: false).split(separator: "\n")
    let theirs = Self.listing.split(separator: "\n")
    try #require(ours.count == theirs.count)
    for (our, their) in zip(ours, theirs) {
      // Calls bear names there that only that kernel knows, by addresses that it has put into them.
      if their.contains("(85) call") {
        #expect(our.prefix(6) == their.prefix(6))
      } else {
        #expect(our == their)
      }
    }
  }

  @Test("numbers of slots stand as bpftool's `% 4d` prints them")
  func slotNumbers() {
    let lines = Disassembler(style: .kernel).listing(Array(repeating: .exit, count: 1001), bytes: false).split(separator: "\n")
    #expect(lines[7] == "   7: (95) exit")
    #expect(lines[999] == " 999: (95) exit")
    #expect(lines[1000] == " 1000: (95) exit")
  }
}
