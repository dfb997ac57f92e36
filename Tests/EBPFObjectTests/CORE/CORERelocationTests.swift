import EBPFBTF
import EBPFISA
import EBPFObject
import Testing

/// Every kind of relocation and every form of instruction, on programs that clang compiled.
@Suite(.enabled(if: Fixtures.clang != nil, "needs a clang with the BPF targets"))
struct CORERelocationTests {
  @Test(arguments: ["bpfel", "bpfeb"])
  func everyKind(target: String) throws {
    let types = """
      struct inner { u16 x; u16 y; } CORE;
      struct thing { u32 a; short b; struct inner in[3]; u8 gone; } CORE;
      enum colour { RED = 1, GREEN = 2, BLUE = 3 };
      typedef struct thing thing_t;
      """
    let object = try COREFixture.object(
      types: types,
      body: """
        struct thing *t = ctx;
        out[0] = OFFSET(t->in[2].y); out[1] = SIZE(t->b); out[2] = EXISTS(t->b); out[3] = EXISTS(t->gone);
        out[4] = SIGNED(t->b); out[5] = LEFT(t->b); out[6] = RIGHT(t->b);
        out[7] = TYPE_EXISTS(struct thing); out[8] = TYPE_SIZE(thing_t); out[9] = TYPE_MATCHES(struct inner); out[10] = TYPE_MATCHES(struct thing);
        out[11] = ENUM_EXISTS(enum colour, BLUE); out[12] = ENUM_EXISTS(enum colour, GREEN); out[13] = ENUM_VALUE(enum colour, GREEN);
        out[14] = LOCAL_ID(struct thing); out[15] = TARGET_ID(struct thing); out[16] = TYPE_EXISTS(enum colour);
        """, target: target)
    let kernel = try COREFixture.types(
      """
      struct inner { u64 z; u16 y; u16 x; };
      struct thing { u64 first; int b; u8 pad; u32 a; struct inner in[4]; };
      enum colour { GREEN = 77, RED = 5 };
      typedef struct thing thing_t;
      thing_t *t; enum colour c;
      """, target: target)
    let result = try object.relocated(against: kernel)
    // offset of in: 8 + 4 + 1 (+3) + 4 = 20, up to 24; an element has 16 bytes, y stands at 8.
    let local = try #require(object.btf?.find("thing", kinds: [.structure])?.id)
    let there = try #require(kernel.kernel.btf.find("thing", kinds: [.structure])?.id)
    let expected: [Int64?] = [24 + 32 + 8, 4, 1, 0, 1, 32, 32, 1, 88, 1, 0, 0, 1, 77, Int64(local), Int64(there), 1]
    #expect(COREFixture.values(result) == expected)
    #expect(result.programs[0].coreRelocations.isEmpty)
    #expect(Set(result.programs[0].coreResolutions.map(\.relocation.kind.rawValue)) == Set(0...12))
  }

  @Test func theTextIsLibbpfs() throws {
    let object = try COREFixture.object(
      types: """
        struct s { int a; union { struct { int arr[4]; }; long b; }; unsigned f : 3, g : 4; } CORE;
        enum e { NEGATIVE = -5 };
        typedef struct { int x; } anonymous;
        """,
      body: """
        struct s *s = ctx;
        out[0] = OFFSET(s[2].arr[3]); out[1] = SIZE(s->g); out[2] = TYPE_SIZE(anonymous); out[3] = ENUM_VALUE(enum e, NEGATIVE);
        """)
    let texts = try object.programs[0].coreRelocations.map { try object.access(of: $0).description }
    let plain = texts.map { text in text.split(separator: " ").filter { !$0.hasPrefix("[") }.joined(separator: " ") }
    #expect(
      plain == [
        "<byte_off> struct s[2].arr[3] (2:1:0:0:3 @ offset 84)", "<byte_sz> struct s.g (0:3 @ offset 24.3)",
        "<type_size> typedef anonymous", "<enumval_value> enum e::NEGATIVE = -5",
      ])
  }

  @Test func loadsAndStoresChangeTheirSize() throws {
    let object = try COREFixture.object(
      types: "struct s { u32 a; u8 b; void *p; u16 c; u32 d; } CORE;",
      body: """
        struct s *s = ctx;
        out[0] = s->a; out[1] = s->b; out[2] = (u64)s->p; s->c = out[3]; s->d = 7;
        """)
    let kernel = try COREFixture.types("struct s { u8 pad[40]; u64 a; u16 b; u8 *p; u32 c; u8 d; } s;")
    let program = try object.relocated(against: kernel).programs[0]
    let accesses = program.coreResolutions.map { resolution -> [Int] in
      let instruction = program.instructions[resolution.relocation.slot]
      return [Int(instruction.offset), Opcode.accessSize(instruction.opcode)]
    }
    #expect(accesses.sorted { $0[0] < $1[0] } == [[40, 8], [48, 2], [56, 8], [64, 4], [68, 1]])
    #expect(program.coreResolutions.allSatisfy { !$0.isPoisoned })
  }

  @Test func signedFieldsOfAnotherSizeArePoisoned() throws {
    let object = try COREFixture.object(types: "struct s { int a; u32 b; } CORE;", body: "struct s *s = ctx; out[0] = s->a; out[1] = s->b;")
    let program = try object.relocated(against: COREFixture.types("struct s { long a; float b; } s;")).programs[0]
    #expect(program.coreResolutions.map(\.outcome) == [.wrongSize, .unresolved])
    #expect(program.coreResolutions[0].explanation.contains("'a' is 'int', 4 bytes in the object and 'long', 8 bytes in target"))
    #expect(program.coreResolutions[1].explanation.contains("member 'b' of"))
    for resolution in program.coreResolutions {
      let instruction = program.instructions[resolution.relocation.slot]
      #expect(instruction == Instruction(opcode: Opcode.callHelper, immediate: 195_896_080))
    }
  }

  @Test func offsetsThatDoNotFitAreRefused() throws {
    let object = try COREFixture.object(types: "struct s { u32 a; } CORE;", body: "struct s *s = ctx; out[0] = s->a;")
    let near = try COREFixture.types("struct s { u8 pad[32764]; u32 a; } s;")
    #expect(COREFixture.values(try object.relocated(against: near)) == [32764])
    let text = COREFixture.refusal(object, try COREFixture.types("struct s { u8 pad[32768]; u32 a; } s;"))
    #expect(text?.contains("offset 32768 does not fit a load or store") == true)
    #expect(text?.contains("program 'program', instruction") == true)
  }

  @Test func arraysAndAnonymousMembers() throws {
    let object = try COREFixture.object(
      types: """
        struct e { int x; int y; } CORE;
        struct s { struct e two[2][3]; int flex[]; } CORE;
        struct u { int a; union { int b; struct { int c; }; }; } CORE;
        """,
      body: """
        struct s *s = ctx; struct u *u = ctx;
        out[0] = OFFSET(s->two[1][2].y); out[1] = OFFSET(s->flex[5]); out[2] = OFFSET(u->c); out[3] = OFFSET(u[3].b); out[4] = EXISTS(s->two[1][1].x);
        """)
    let wide = try COREFixture.types(
      """
      struct e { long y; long x; };
      struct s { long pad; struct e two[4][5]; int flex[]; };
      struct u { struct { union { struct { int pad[3]; int b; }; }; }; int c; int a; };
      struct s *s; struct u u; struct e ee;
      """)
    // two[1][2]: (5 + 2) * 16 behind 8.
    let expected: [Int64?] = [120, 348, 16, 84, 1]
    #expect(COREFixture.values(try object.relocated(against: wide)) == expected)
    // Too small an array, or a flexible one that is not the last member, has no such element.
    let small = try COREFixture.types(
      "struct e { int x; int y; }; struct s { struct e two[2][2]; int flex[]; }; struct s *s; struct u { int c; int b; } u;")
    let narrow = try object.relocated(against: small).programs[0].coreResolutions
    #expect(narrow[0].outcome == .unresolved)
    #expect(narrow[0].explanation.contains("has 2 elements, and element 2 is used"))
  }

  @Test func flavoursNarrowAndDisagree() throws {
    let object = try COREFixture.object(
      types: """
        struct s___old { int before; int both; } CORE;
        struct s___new { int after; } CORE;
        """,
      body: """
        struct s___old *o = ctx; struct s___new *n = ctx;
        if (EXISTS(o->before)) out[0] = o->before; else out[1] = n->after;
        """)
    let new = try object.relocated(against: COREFixture.types("struct s { long pad; int after; } s;")).programs[0]
    #expect(new.coreResolutions.map(\.outcome) == [.patched(from: 1, to: 0), .unresolved, .patched(from: 0, to: 8)])
    let old = try object.relocated(against: COREFixture.types("struct s___any { int before; } s;")).programs[0]
    #expect(old.coreResolutions.map(\.outcome) == [.patched(from: 1, to: 1), .patched(from: 0, to: 0), .unresolved])

    let two = "struct s { int both; int before; } s; struct s___2 { long pad; int both; } s2;"
    let both = try COREFixture.object(types: "struct s { int both; } CORE;", body: "struct s *s = ctx; out[0] = s->both;")
    let text = COREFixture.refusal(both, try COREFixture.types(two))
    #expect(text?.contains("candidates disagree") == true && text?.contains("gives 0") == true && text?.contains("gives 8") == true)
    // A field that only one of them has rules the other out for what follows.
    let first = try COREFixture.object(
      types: "struct s { int before; int both; } CORE;", body: "struct s *s = ctx; out[0] = s->before; out[1] = s->both;")
    #expect(COREFixture.values(try first.relocated(against: COREFixture.types(two))) == [4, 0])
    // Twins that agree are no ambiguity.
    let twins = try COREFixture.types("struct s { int both; void *a; } s; struct s___2 { int both; int *b; } s2;")
    #expect(COREFixture.values(try both.relocated(against: twins)) == [0])
  }

  @Test func whatIsMissingIsNamedWithItsNearest() throws {
    let object = try COREFixture.object(
      types: "struct sock { int state_flags; int zzz; } CORE; struct sokc { int a; } CORE; enum e { FIRST_VALUE = 1 };",
      body:
        "struct sock *s = ctx; struct sokc *t = ctx; out[0] = s->state_flags; out[1] = s->zzz; out[2] = t->a; out[3] = ENUM_VALUE(enum e, FIRST_VALUE);"
    )
    let kernel = try COREFixture.types("struct sock { int sock_flags; int qqq; int stat_flags; } s; enum e { FIRST_VALVE = 3 } e;")
    let program = try object.relocated(against: kernel).programs[0]
    let explanations = program.coreResolutions.map(\.explanation)
    #expect(explanations[0].contains("has no member 'state_flags'; nearest: 'stat_flags' (int, at offset 8)"))
    #expect(explanations[1].contains("at its offset in the object, 4, stands 'qqq' (int)"))
    #expect(explanations[2] == "target has no struct 'sokc'; nearest: struct 'sock'")
    #expect(explanations[3].contains("has no 'FIRST_VALUE'; nearest: 'FIRST_VALVE'"))
    // A wide instruction is poisoned in both its slots.
    let wide = program.coreResolutions[3].relocation.slot
    #expect(program.instructions[wide...wide + 1].allSatisfy { $0 == Instruction(opcode: Opcode.callHelper, immediate: 195_896_080) })
    #expect(program.poisonedResolution(at: wide)?.advice.contains("bpf_core_enum_value_exists") == true)
  }

  /// Values from 2^31 on are what C says they are, by the enumeration's sign.
  @Test func enumeratorsOfBothSigns() throws {
    let object = try COREFixture.object(
      types: "enum u { HIGH = 0xfffffff0u, LOW = 1 }; enum s { NEGATIVE = -3 }; enum l { LONG = 0x1fffffff0ull };",
      body: "out[0] = ENUM_VALUE(enum u, HIGH); out[1] = ENUM_VALUE(enum s, NEGATIVE); out[2] = ENUM_VALUE(enum l, LONG);")
    let same = try COREFixture.types(
      "enum u { HIGH = 0x80000000u, LOW = 2 } u; enum s { NEGATIVE = -7 } s; enum l { LONG = -1ll << 40 } l;")
    #expect(COREFixture.values(try object.relocated(against: same)) == [0x8000_0000, -7, -1 << 40])
    let other = try COREFixture.types("enum u { HIGH = 0x123456789ull } u; enum s { NEGATIVE = 9 } s; enum l { LONG = 3 } l;")
    #expect(COREFixture.values(try object.relocated(against: other)) == [0x1_2345_6789, 9, 3])
  }

  @Test func modulesAreAskedWhereTheKernelHasNothing() throws {
    let object = try COREFixture.object(
      types: "struct inside { int a; } CORE; struct outside { int b; } CORE;",
      body: "struct inside *i = ctx; struct outside *o = ctx; out[0] = i->a; out[1] = o->b; out[2] = TARGET_ID(struct outside);")
    var base = BTFBuilder()
    let int = base.addInteger("int", size: 4, isSigned: true)
    _ = base.addStructure("inside", size: 8, members: [.init("a", type: int, bitOffset: 32)])
    let kernel = try base.build()
    func module(_ names: [(String, Int)]) throws -> BTF {
      var builder = BTFBuilder(base: kernel)
      for (name, offset) in names { _ = builder.addStructure(name, size: 64, members: [.init("b", type: int, bitOffset: offset)]) }
      return try builder.build()
    }
    let one = try module([("other", 0), ("outside", 128)])
    let target = TargetTypes(kernel) { [.init(name: "one", btf: one)] }
    let result = try object.relocated(against: target)
    #expect(COREFixture.values(result) == [4, 16, Int64(kernel.count + 1)])
    #expect(result.programs[0].coreResolutions[1].match?.source == "one")
    // The kernel's own types come first, and modules that disagree are an ambiguity.
    let second = try module([("inside", 0), ("outside", 64)])
    let both = TargetTypes(kernel) { [.init(name: "one", btf: one), .init(name: "two", btf: second)] }
    #expect(COREFixture.refusal(object, both)?.contains("candidates disagree") == true)
    let inside = try COREFixture.object(types: "struct inside { int a; } CORE;", body: "struct inside *i = ctx; out[0] = i->a;")
    let unasked = TargetTypes(kernel) {
      Issue.record("modules are asked although the kernel has the type")
      return []
    }
    #expect(COREFixture.values(try inside.relocated(against: unasked)) == [4])
  }

  @Test func chosenProgramsAndSharedFunctions() throws {
    let source =
      COREFixture.macros + """
        struct s { int a; int b; } CORE;
        static __attribute__((noinline)) long shared(struct s *s) { return s->b; }
        SEC("raw_tp/x") int one(struct s *s) { return shared(s); }
        SEC("raw_tp/y") int two(struct s *s) { out[0] = s->a; return shared(s); }
        SEC("?raw_tp/z") int three(struct s *s) { return s->a; }
        """
    let object = try ObjectSpec(bytes: Fixtures.compile(source))
    let kernel = try COREFixture.types("struct s { long pad; int b; } s;")
    let result = try object.relocated(against: kernel)
    #expect(result.programs.map { $0.coreResolutions.map(\.isPoisoned) } == [[false], [true, false], []])
    #expect(result.programs.map(\.coreRelocations.count) == [0, 0, 1])
    #expect(!result.needsTargetTypes() && result.needsTargetTypes(programs: ["three"]))
    let third = try object.relocated(against: kernel, programs: ["three"])
    #expect(third.programs.map(\.coreRelocations.count) == [1, 2, 0])
    // What is applied stays applied.
    #expect(try result.relocated(against: kernel).programs.map(\.instructions) == result.programs.map(\.instructions))
  }

  @Test func anotherByteOrderIsRefused() throws {
    let object = try COREFixture.object(types: "struct s { int a; } CORE;", body: "struct s *s = ctx; out[0] = s->a;", target: "bpfeb")
    let text = COREFixture.refusal(object, try COREFixture.types("struct s { int a; } s;"))
    #expect(text == "the object is big-endian and the types of target are not: they are for another machine")
  }

  /// Objects whose types and records are damaged are refused or relocated, and never trap.
  @Test func damagedTypesDoNotTrap() throws {
    let bytes = try Fixtures.compile(
      COREFixture.macros + """
        struct e { int x : 5; int y[4]; } CORE;
        struct s { struct e in[3]; union { long a; struct { u32 b; }; }; int flex[]; } CORE;
        enum c { ONE = 1 };
        typedef int (*fn)(struct s *, enum c);
        SEC("raw_tp/x") int program(struct s *s) {
          out[0] = s->in[1].y[2]; out[1] = s->b; out[2] = SIZE(s->in[2].x); out[3] = ENUM_VALUE(enum c, ONE);
          out[4] = TYPE_MATCHES(struct s); out[5] = OFFSET(s->flex[3]); out[6] = TYPE_MATCHES(fn);
          return 0; }
        """)
    let target = try TargetTypes(bytes: bytes, name: "itself")
    let sound = try ObjectSpec(bytes: bytes)
    // Against its own types, nothing changes.
    #expect(try sound.relocated(against: target).programs[0].instructions == sound.programs[0].instructions)
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x9f, 0xeb, 1, 0]) })
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
    var random = COREFixture.Random(state: seed)
    var outcomes = [0, 0, 0]
    for _ in 0..<4000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: start..<min(bytes.count, start + 1200), using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let object = try? ObjectSpec(bytes: damaged), object.problems.isEmpty else {
        outcomes[0] += 1
        continue
      }
      let other = (try? TargetTypes(bytes: damaged, name: "damaged")) ?? target
      for types in [target, other] {
        guard let result = try? object.attemptingRelocation(against: types) else { continue }
        for resolution in result.programs.flatMap(\.coreResolutions) {
          outcomes[resolution.match == nil ? 1 : 2] += 1
          if resolution.match == nil { _ = resolution.description.count + resolution.advice.count }
        }
      }
    }
    #expect(outcomes.allSatisfy { $0 > 0 }, "seed \(seed): \(outcomes)")
  }
}

extension COREFixture {
  /// Numbers that a seed repeats (SplitMix64).
  struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
      return mixed ^ mixed >> 31
    }
  }
}
