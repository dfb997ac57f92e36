import EBPFISA
import EBPFObject
import EBPFTables
import EBPFVerifier
import Testing

/// The common mistakes: each is refused where it happens, in the kernel's words, with the register and what to write instead.
@Suite struct ReasonTests {
  struct Mistake: Sendable {
    var name: String
    var type: ProgramType = .xdp
    var source: String
    var message: String
    var instruction: Int
    var state: String?
    var hint: String
  }

  static let mistakes: [Mistake] = [
    Mistake(
      name: "no packet bounds check",
      source: """
        r2 = *(u32 *)(r1 + 0)
        r0 = *(u8 *)(r2 + 13)
        exit
        """,
      message: "invalid access to packet, off=13 size=1, R2(id=0,off=13,r=0); R2 offset is outside of the packet", instruction: 1,
      state: "R2=pkt(r=0)", hint: "data_end"),
    Mistake(
      name: "a bounds check that is one byte short",
      source: """
        r2 = *(u32 *)(r1 + 0)
        r3 = *(u32 *)(r1 + 4)
        r4 = r2
        r4 += 13
        r0 = 0
        if r4 > r3 goto +1
        r0 = *(u8 *)(r2 + 13)
        exit
        """,
      message: "invalid access to packet, off=13 size=1, R2(id=0,off=13,r=13); R2 offset is outside of the packet", instruction: 6,
      state: "R2=pkt(r=13)", hint: "data_end"),
    Mistake(
      name: "no null check",
      source: """
        .map counts hash 4 8 16
        *(u32 *)(r10 - 4) = 1
        r2 = r10
        r2 += -4
        r1 = counts ll
        call bpf_map_lookup_elem
        r0 = *(u64 *)(r0 + 0)
        exit
        """,
      message: "R0 invalid mem access 'map_value_or_null'", instruction: 6, state: "R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)",
      hint: "if (!value)"),
    Mistake(
      name: "uninitialised register", source: "r0 = r2\nexit", message: "R2 !read_ok", instruction: 0, state: "R2=?()", hint: "int x = 0"),
    Mistake(
      name: "a register that a call destroyed",
      source: """
        call bpf_get_prandom_u32
        r0 = *(u32 *)(r1 + 0)
        exit
        """,
      message: "R1 !read_ok", instruction: 1, state: nil, hint: "r1 to r5"),
    Mistake(
      name: "unbounded index",
      source: """
        .map counts array 4 64 1
        r6 = *(u32 *)(r1 + 12)
        *(u32 *)(r10 - 4) = 0
        r2 = r10
        r2 += -4
        r1 = counts ll
        call bpf_map_lookup_elem
        if r0 == 0 goto +2
        r0 += r6
        r0 = *(u8 *)(r0 + 0)
        exit
        """,
      message: "R0 unbounded memory access, make sure to bounds check any such access", instruction: 9, state: nil, hint: "index"),
    Mistake(
      name: "leaked reference",
      source: """
        .map events ringbuf 0 0 4096
        r1 = events ll
        r2 = 8
        r3 = 0
        call bpf_ringbuf_reserve
        r0 = 0
        exit
        """,
      message: "Unreleased reference id=2 alloc_insn=4; BPF_EXIT instruction in main prog would lead to reference leak", instruction: 6,
      state: nil, hint: "bpf_ringbuf_submit()"),
    Mistake(
      name: "helper of another program type", source: "call bpf_skb_vlan_pop\nr0 = 0\nexit",
      message: "program of this type cannot use helper bpf_skb_vlan_pop#19", instruction: 0, state: nil, hint: "program type"),
    Mistake(
      name: "bad return value", type: .cgroupSkb, source: "r0 = 2\nexit",
      message: "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]", instruction: 1, state: "R0=2",
      hint: "return"),
    Mistake(
      name: "endless loop",
      source: """
        r0 = 0
        r1 = 1
        if r1 == 1 goto -1
        exit
        """,
      message: "infinite loop detected at insn 2", instruction: 2, state: nil, hint: "Count the turns"),
    Mistake(
      name: "write to a read-only context field", source: "r0 = 0\n*(u32 *)(r1 + 0) = r0\nexit",
      message: "invalid bpf_context access off=0 size=4", instruction: 1, state: "R1=ctx()", hint: "context"),
    Mistake(
      name: "multiplied pointer", source: "r1 *= 4\nr0 = 0\nexit",
      message: "R1 pointer arithmetic with *= operator prohibited", instruction: 0, state: "R1=ctx()", hint: "pointer"),
    Mistake(
      name: "stack overflow", source: "r0 = 0\n*(u64 *)(r10 - 520) = r0\nexit",
      message: "invalid write to stack R10 off=-520 size=8", instruction: 1, state: "R10=fp0", hint: "512 bytes"),
  ]

  @Test(arguments: mistakes) func isRefusedWithAReason(_ mistake: Mistake) throws {
    let rejection = try #require(try verify(mistake.source, as: mistake.type).rejection, "\(mistake.name) was accepted")
    #expect(rejection.category == .unsafe)
    #expect(rejection.message == mistake.message)
    #expect(rejection.instruction == mistake.instruction)
    if let state = mistake.state { #expect(rejection.registerState == state) }
    #expect(rejection.suggestion.contains(mistake.hint), "\(rejection.suggestion)")
  }

  @Test func namesTheSourceLine() {
    let code = [
      Instruction(opcode: Opcode.alu64 | Opcode.mov | Opcode.x, destination: 0, source: 2), Instruction(opcode: Opcode.exitProgram),
    ]
    let program = ProgramSpec(
      name: "program", type: .xdp, instructions: code,
      lines: [LineSpec(slot: 0, file: "a.bpf.c", text: "  return x;", line: 7, column: 3)])
    let rejection = Verifier().verify(program, in: ObjectSpec(programs: [program])).rejection
    #expect(rejection?.source?.line == 7)
    #expect(rejection?.source?.text == "  return x;")
  }

  @Test func saysWhatItDoesNotKnow() throws {
    let rejection = try verify(".8byte 0x000000070000201085\nexit").rejection
    #expect(rejection?.category == .unsupported || rejection?.category == .unsafe)
  }
}
