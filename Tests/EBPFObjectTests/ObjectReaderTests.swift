import EBPFBTF
import EBPFISA
import EBPFObject
import EBPFTables
import Testing

/// Small programs, compiled by the toolchain's clang for both byte orders.
@Suite(.enabled(if: Fixtures.clang != nil, "needs a clang with the BPF targets"))
struct ObjectReaderTests {
  static let helpers = """
    #define SEC(name) __attribute__((section(name), used))
    #define __uint(name, val) int (*name)[val]
    #define __type(name, val) typeof(val) *name
    #define __array(name, val) typeof(val) *name[]
    #define __noinline __attribute__((noinline))
    typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned short u16;
    static void *(*lookup)(void *map, const void *key) = (void *)1;
    static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
    static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;

    """

  @Test(arguments: ["bpfel", "bpfeb"])
  func readsProgramsMapsAndData(target: String) throws {
    let source =
      Self.helpers + """
        struct key { u32 a, b; };
        struct { __uint(type, 1); __uint(max_entries, 16); __uint(map_flags, 1); __type(key, struct key); __type(value, u64);
          __uint(pinning, 1); } counts SEC(".maps");
        struct { __uint(type, 27); __uint(max_entries, 4096); } events SEC(".maps");
        const volatile u16 port = 443;
        u64 total = 5;
        static volatile u32 hidden;
        __noinline int add(int x) { hidden += x; return x + port; }
        static __noinline int twice(int x) { asm volatile("" : "+r"(x)); return 2 * x; }
        SEC("xdp") int first(void *ctx) {
          struct key k = {1, 2};
          u64 *v = lookup(&counts, &k);
          if (v) *v += 1;
          total += 1;
          return add(twice(3));
        }
        SEC("xdp") int second(void *ctx) { return twice(4) + (lookup(&events, ctx) != 0); }
        char _license[] SEC("license") = "GPL";
        u32 _version SEC("version") = 0x60c00;
        """
    let object = try ObjectSpec(bytes: try Fixtures.compile(source, target: target))
    #expect(object.byteOrder == (target == "bpfel" ? .little : .big))
    #expect(object.license == "GPL")
    #expect(object.kernelVersion == 0x60c00)
    #expect(object.programs.map(\.name) == ["first", "second"])
    #expect(object.programs.map(\.section) == ["xdp", "xdp"])
    #expect(object.maps.map(\.name).sorted() == [".bss", ".data", ".rodata", "counts", "events"])

    let counts = try #require(object.maps.first { $0.name == "counts" })
    #expect(counts.type == MapType(rawValue: 1))
    #expect(counts.keySize == 8 && counts.valueSize == 8 && counts.maxEntries == 16)
    #expect(counts.flags == .noPreallocation)
    #expect(counts.pinning == .byName)
    #expect(object.btf?.type(counts.keyTypeID)?.name == "key")
    let events = try #require(object.maps.first { $0.name == "events" })
    #expect(events.keySize == 0 && events.valueSize == 0 && events.maxEntries == 4096)

    let rodata = try #require(object.maps.first { $0.name == ".rodata" })
    #expect(rodata.isFrozen && rodata.flags.contains(.readOnlyProgram) && rodata.dataSection == .rodata)
    #expect(rodata.contents == [.init(key: [0, 0, 0, 0], value: .bytes(target == "bpfel" ? [0xbb, 1] : [1, 0xbb]))])
    let names = object.variables.map(\.name).sorted()
    #expect(names == ["hidden", "port", "total"])
    let port = try #require(object.variables.first { $0.name == "port" })
    #expect(object.maps[port.map].name == ".rodata" && port.offset == 0 && port.size == 2)

    let first = object.programs[0]
    #expect(first.functions.map(\.name) == ["first", "twice", "add"])
    #expect(first.functions.map(\.isGlobal) == [true, false, true])
    let second = object.programs[1]
    #expect(second.functions.map(\.name) == ["second", "twice"])
    for program in object.programs {
      for (slot, instruction) in program.instructions.enumerated()
      where instruction.opcode == Opcode.callHelper && instruction.source == CallSource.local {
        let target = slot + 1 + Int(instruction.immediate)
        #expect(program.functions.contains { $0.start == target })
      }
    }
    let maps = Set(
      first.instructions.filter { $0.isWide && ($0.source == WideSource.mapIndex || $0.source == WideSource.mapIndexValue) }
        .map { object.maps[Int($0.immediate)].name })
    #expect(maps == ["counts", ".data", ".rodata", ".bss"])
    #expect(first.lines.contains { $0.text.contains("total += 1") })
  }

  @Test(arguments: ["bpfel", "bpfeb"])
  func linksCallbacksAndCallsAcrossSections(target: String) throws {
    let source =
      Self.helpers + """
        static int step(u32 i, void *ctx) { *(u64 *)ctx += i; return 0; }
        SEC("tc") int outer(void *ctx) { u64 sum = 0; loop(10, step, &sum, 0); return sum; }
        static __noinline int deep(int x) { asm volatile("" : "+r"(x)); return x; }
        static __noinline int middle(int x) { return deep(x) + deep(x + 1); }
        SEC("xdp") int caller(void *ctx) { return middle(1) + deep(2); }
        """
    let object = try ObjectSpec(bytes: try Fixtures.compile(source, target: target))
    let outer = try #require(object.program(named: "outer"))
    #expect(outer.functions.map(\.name) == ["outer", "step"])
    let slot = try #require(outer.instructions.firstIndex { $0.isWide && $0.source == WideSource.function })
    #expect(slot + 1 + Int(outer.instructions[slot].immediate) == outer.functions[1].start)
    let caller = try #require(object.program(named: "caller"))
    #expect(caller.functions.map(\.name) == ["caller", "middle", "deep"])
  }

  @Test func readsAnObjectWithoutSections() throws {
    let object = try ObjectSpec(bytes: try Fixtures.compile("int entry(void *m, unsigned long n) { return n; }"))
    #expect(object.programs.map(\.name) == ["entry"])
    #expect(object.programs[0].instructions.count == 2)
  }

  @Test func namesWhatIsWrong() throws {
    let bytes = try Fixtures.compile("int main(void) { return 0; }")
    #expect(throws: ObjectError.self) { try ObjectSpec(bytes: Array(bytes.prefix(40))) }
    let cut = #expect(throws: ObjectError.self) { try ObjectSpec(bytes: Array(bytes.dropLast(100)), name: "cut.o") }
    #expect(cut?.description.hasPrefix("cut.o: ") == true)
    #expect(cut?.code == .malformed)
    var foreign = bytes
    foreign[18] = 62
    #expect(throws: ObjectError.self) { try ObjectSpec(bytes: foreign) }.map { #expect($0.code == .wrongMachine) }
  }
}
