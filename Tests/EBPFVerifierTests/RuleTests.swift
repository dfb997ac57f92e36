import EBPFISA
import EBPFObject
import EBPFTables
import EBPFVerifier
import Testing

/// Programs that the rules accept or refuse, a few for each kind of rule; the kernel's own tests (KernelSuiteTests) have many more.
@Suite struct RuleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var type: ProgramType = .schedCls
    var source: String
    /// Part of the message of a refusal; `nil`: the program is accepted.
    var message: String?
    var testDescription: String { name }
  }

  static let stack: [Case] = [
    Case(name: "a spilled pointer comes back", source: "*(u64 *)(r10 - 8) = r1\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 0)\nexit"),
    Case(
      name: "half of a spilled pointer", source: "*(u64 *)(r10 - 8) = r1\nr0 = *(u32 *)(r10 - 8)\nexit",
      message: "invalid size of register fill"),
    Case(
      name: "an overwritten pointer is a number",
      source: "*(u64 *)(r10 - 8) = r1\nr0 = 0\n*(u8 *)(r10 - 5) = r0\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 0)\nexit",
      message: "R2 invalid mem access 'scalar'"),
    Case(
      name: "a bound survives a spill of 32 bits",
      source: """
        .map values array 4 16 1
        r6 = *(u32 *)(r1 + 0)
        if r6 > 15 goto out
        *(u32 *)(r10 - 8) = r6
        *(u32 *)(r10 - 12) = 0
        r2 = r10
        r2 += -12
        r1 = values ll
        call bpf_map_lookup_elem
        if r0 == 0 goto out
        r1 = *(u32 *)(r10 - 8)
        r0 += r1
        r0 = *(u8 *)(r0 + 0)
        out:
        r0 = 0
        exit
        """),
    Case(
      name: "misaligned store", source: "r0 = 0\n*(u64 *)(r10 - 12) = r0\nexit",
      message: "misaligned stack access off 0+0+-12 size 8"),
    Case(
      name: "variable place on the stack",
      source: """
        r2 = *(u32 *)(r1 + 0)
        r2 &= 8
        r3 = r10
        r3 += -16
        r3 += r2
        r4 = 1
        *(u64 *)(r3 + 0) = r4
        r0 = *(u64 *)(r10 - 8)
        exit
        """),
    Case(
      name: "variable place that may leave the stack",
      source: "r2 = *(u32 *)(r1 + 0)\nr2 &= 15\nr3 = r10\nr3 += -8\nr3 += r2\nr0 = *(u8 *)(r3 + 0)\nexit",
      message: "invalid variable-offset read from stack R3"),
  ]

  static let packets: [Case] = [
    Case(
      name: "a variable offset needs a check of its own",
      source: """
        r2 = *(u32 *)(r1 + 76)
        r3 = *(u32 *)(r1 + 80)
        r4 = r2
        r4 += 1
        r0 = 0
        if r4 > r3 goto out
        r5 = *(u8 *)(r2 + 0)
        r2 += r5
        r6 = r2
        r6 += 4
        if r6 > r3 goto out
        r0 = *(u32 *)(r2 + 0)
        out:
        exit
        """),
    Case(
      name: "a helper moves the packet",
      source: """
        r6 = r1
        r7 = *(u32 *)(r1 + 76)
        r3 = *(u32 *)(r1 + 80)
        r4 = r7
        r4 += 14
        r0 = 0
        if r4 > r3 goto out
        r2 = 14
        call bpf_skb_pull_data
        r0 = *(u8 *)(r7 + 0)
        out:
        exit
        """,
      message: "R7 invalid mem access 'scalar'"),
    Case(
      name: "programs that may only read it", type: .cgroupSkb,
      source: """
        r2 = *(u32 *)(r1 + 76)
        r3 = *(u32 *)(r1 + 80)
        r4 = r2
        r4 += 8
        r0 = 1
        if r4 > r3 goto out
        *(u8 *)(r2 + 0) = r0
        out:
        exit
        """,
      message: "cannot write into packet"),
    Case(
      name: "packet memory as an argument",
      source: """
        .map values hash 4 8 8
        r2 = *(u32 *)(r1 + 76)
        r3 = *(u32 *)(r1 + 80)
        r4 = r2
        r4 += 4
        r0 = 0
        if r4 > r3 goto out
        r1 = values ll
        call bpf_map_lookup_elem
        r0 = 0
        out:
        exit
        """),
    Case(name: "legacy load", type: .socketFilter, source: "r6 = r1\nr0 = *(u16 *)skb[12]\nexit"),
    Case(
      name: "legacy load without the context", type: .socketFilter, source: "r6 = 0\nr0 = *(u16 *)skb[12]\nexit",
      message: "at the time of BPF_LD_ABS|IND R6 != pointer to skb"),
  ]

  static let calls: [Case] = [
    Case(
      name: "a function sees its caller's stack",
      source: """
        *(u64 *)(r10 - 8) = 5
        r1 = r10
        r1 += -8
        call sub
        exit
        sub:
        r0 = *(u64 *)(r1 + 0)
        exit
        """),
    Case(
      name: "a function has registers of its own", source: "r6 = r1\ncall sub\nexit\nsub:\nr0 = *(u32 *)(r6 + 0)\nexit",
      message: "R6 !read_ok"),
    Case(name: "recursion", source: "call sub\nexit\nsub:\ncall sub\nexit", message: "the call stack of 9 frames is too deep"),
    Case(
      name: "stack pointers do not leave", source: "call sub\nr0 = *(u64 *)(r0 + 0)\nexit\nsub:\nr0 = r10\nr0 += -8\nexit",
      message: "cannot return stack pointer to the caller"),
    Case(
      name: "bpf_loop",
      source: """
        *(u64 *)(r10 - 8) = 0
        r1 = 1000
        r2 = body ll
        r3 = r10
        r3 += -8
        r4 = 0
        call bpf_loop
        r0 = *(u64 *)(r10 - 8)
        exit
        body:
        r3 = *(u64 *)(r2 + 0)
        r3 += r1
        *(u64 *)(r2 + 0) = r3
        r0 = 0
        exit
        """),
    Case(
      name: "a callback returns 0 or 1",
      source: "r1 = 10\nr2 = body ll\nr3 = 0\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\nbody:\nr0 = 2\nexit",
      message: "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]"),
    Case(
      name: "bpf_loop counts to no pointer", source: "r2 = body ll\nr3 = 0\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\nbody:\nexit",
      message: "R1 type=ctx expected=scalar"),
    Case(
      name: "what a callback is given may point past the stack, where it does not load it",
      source: "r1 = 10\nr2 = body ll\nr3 = r10\nr3 += 34\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\nbody:\nr0 = 0\nexit"),
    Case(
      name: "a callback loads nothing past the stack",
      source: "r1 = 10\nr2 = body ll\nr3 = r10\nr3 += 34\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\nbody:\nr0 = *(u8 *)(r2 + 0)\nr0 = 0\nexit",
      message: "invalid read from stack R2 off=34 size=1"),
    Case(
      name: "the index of a callback has no bound",
      source: """
        r1 = 10
        r2 = body ll
        r3 = r10
        r3 += -16
        r4 = 0
        *(u64 *)(r10 - 8) = 0
        *(u64 *)(r10 - 16) = 0
        call bpf_loop
        r0 = 0
        exit
        body:
        r2 += r1
        r0 = *(u8 *)(r2 + 0)
        r0 = 0
        exit
        """,
      message: "unbounded"),
    Case(
      name: "may_goto ends a loop",
      source: "r6 = 0\nturn:\nr6 += 1\nmay_goto out\ngoto turn\nout:\nr0 = r6\nexit"),
    Case(
      name: "tail call",
      source: ".map jumps prog_array 4 4 8\nr2 = jumps ll\nr3 = 1\ncall bpf_tail_call\nr0 = 0\nexit"),
    Case(
      name: "a map of the wrong kind",
      source: ".map values array 4 8 8\nr2 = values ll\nr3 = 1\ncall bpf_tail_call\nr0 = 0\nexit",
      message: "cannot pass map_type 2 into func bpf_tail_call#12"),
  ]

  static let references: [Case] = [
    Case(
      name: "reserve and submit",
      source: """
        .map events ringbuf 0 0 4096
        r1 = events ll
        r2 = 8
        r3 = 0
        call bpf_ringbuf_reserve
        if r0 == 0 goto out
        *(u64 *)(r0 + 0) = 1
        r1 = r0
        r2 = 0
        call bpf_ringbuf_submit
        out:
        r0 = 0
        exit
        """),
    Case(
      name: "use after submit",
      source: """
        .map events ringbuf 0 0 4096
        r1 = events ll
        r2 = 8
        r3 = 0
        call bpf_ringbuf_reserve
        if r0 == 0 goto out
        r6 = r0
        r1 = r0
        r2 = 0
        call bpf_ringbuf_submit
        r0 = *(u64 *)(r6 + 0)
        out:
        r0 = 0
        exit
        """,
      message: "R6 invalid mem access 'scalar'"),
    Case(
      name: "more than was reserved",
      source: """
        .map events ringbuf 0 0 4096
        r1 = events ll
        r2 = 8
        r3 = 0
        call bpf_ringbuf_reserve
        if r0 == 0 goto out
        *(u64 *)(r0 + 8) = 1
        r1 = r0
        r2 = 0
        call bpf_ringbuf_submit
        out:
        r0 = 0
        exit
        """,
      message: "invalid access to memory, mem_size=8 off=8 size=8"),
    Case(
      name: "a socket is given back on one path only",
      source: """
        *(u64 *)(r10 - 8) = 0
        *(u64 *)(r10 - 16) = 0
        r2 = r10
        r2 += -16
        r3 = 12
        r4 = 0
        r5 = 0
        call bpf_sk_lookup_tcp
        if r0 == 0 goto out
        r1 = *(u32 *)(r0 + 4)
        if r1 == 2 goto out
        r1 = r0
        call bpf_sk_release
        out:
        r0 = 0
        exit
        """,
      message: "Unreleased reference"),
  ]

  static let numbers: [Case] = [
    Case(
      name: "copies share a bound",
      source: """
        .map values array 4 16 1
        r6 = *(u32 *)(r1 + 0)
        r7 = r6
        r8 = r6
        r8 += 4
        *(u32 *)(r10 - 4) = 0
        r2 = r10
        r2 += -4
        r1 = values ll
        call bpf_map_lookup_elem
        if r0 == 0 goto out
        if r6 > 11 goto out
        r1 = r0
        r1 += r7
        r2 = *(u8 *)(r1 + 0)
        r0 += r8
        r0 = *(u8 *)(r0 + 0)
        out:
        r0 = 0
        exit
        """),
    Case(
      name: "a signed check leaves large numbers",
      source: """
        .map values array 4 16 1
        r6 = *(u64 *)(r1 + 48)
        *(u32 *)(r10 - 4) = 0
        r2 = r10
        r2 += -4
        r1 = values ll
        call bpf_map_lookup_elem
        if r0 == 0 goto out
        if r6 s> 15 goto out
        r0 += r6
        r0 = *(u8 *)(r0 + 0)
        out:
        r0 = 0
        exit
        """,
      message: "unbounded min value"),
    Case(name: "division by zero", source: "r0 = 1\nr0 /= 0\nexit", message: "div by zero"),
    Case(name: "shift by 64", source: "r0 = 1\nr0 <<= 64\nexit", message: "invalid shift 64"),
    Case(
      name: "byte order conversion of a length",
      source: """
        .map values array 4 65536 1
        r6 = *(u32 *)(r1 + 16)
        r6 = be16 r6
        *(u32 *)(r10 - 4) = 0
        r2 = r10
        r2 += -4
        r1 = values ll
        call bpf_map_lookup_elem
        if r0 == 0 goto out
        r0 += r6
        r0 = *(u8 *)(r0 + 0)
        out:
        r0 = 0
        exit
        """),
  ]

  @Test(arguments: stack + packets + calls + references + numbers) func isJudged(_ test: Case) throws {
    let verdict = try verify(test.source, as: test.type)
    if let message = test.message {
      #expect(verdict.rejection?.message.contains(message) == true, "\(verdict)")
    } else {
      #expect(verdict.proof != nil, "\(verdict)")
    }
  }
}
