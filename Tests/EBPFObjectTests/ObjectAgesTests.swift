import EBPFBTF
import EBPFISA
import EBPFObject
import EBPFTables
import Testing

/// Objects of every age and habit, from the toolchain's clang for both byte orders.
@Suite(.enabled(if: Fixtures.clang != nil, "needs a clang with the BPF targets"))
struct ObjectAgesTests {
  static let targets = ["bpfel", "bpfeb"]

  /// Maps before BTF: records whose size each loader chose for itself (libbpf 20 bytes, iproute2 36, samples/bpf 28 and more).
  @Test(arguments: targets, [5, 7, 9, 14])
  func legacyMaps(target: String, words: Int) throws {
    let source =
      ObjectReaderTests.helpers + """
        struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags\(words > 5 ? ", more[\(words - 5)]" : ""); };
        struct bpf_map_def SEC("maps") first = { 1, 4, 8, 100, 1 };
        struct bpf_map_def SEC("maps") second = { 2, 4, 16, 7, 0 };
        struct bpf_map_def SEC("maps") third = { 6, 4, 24, 1, 0 };
        SEC("socket") int prog(void *ctx) { u32 key = 0; return lookup(&second, &key) != 0 || lookup(&third, &key) != 0; }
        """
    // Without -g, as in their time.
    let object = try ObjectSpec(bytes: try Fixtures.compile(source, target: target, arguments: ["-g0"]))
    #expect(object.btf == nil)
    #expect(object.maps.map(\.name) == ["first", "second", "third"])
    #expect(object.maps.map(\.type.rawValue) == [1, 2, 6])
    #expect(object.maps.map(\.keySize) == [4, 4, 4])
    #expect(object.maps.map(\.valueSize) == [8, 16, 24])
    #expect(object.maps.map(\.maxEntries) == [100, 7, 1])
    #expect(object.maps[0].flags == .noPreallocation)
    let used = object.programs[0].instructions.filter { $0.isWide && $0.source == WideSource.mapIndex }.map { Int($0.immediate) }
    #expect(used.map { object.maps[$0].name } == ["second", "third"])
  }

  @Test("data sections with suffixes are maps of their own", arguments: targets)
  func dataSections(target: String) throws {
    let source =
      ObjectReaderTests.helpers + """
        SEC(".rodata.settings") const volatile u32 limit = 0x01020304;
        SEC(".data.state") u64 state = 9;
        SEC(".bss.scratch") u64 scratch[4];
        SEC("xdp") int prog(void *ctx) { scratch[1] = state; return limit; }
        """
    let object = try ObjectSpec(bytes: try Fixtures.compile(source, target: target))
    let sizes = Dictionary(uniqueKeysWithValues: object.maps.map { ($0.name, $0.valueSize) })
    #expect(sizes == [".rodata.settings": 4, ".data.state": 8, ".bss.scratch": 32])
    let settings = try #require(object.maps.first { $0.name == ".rodata.settings" })
    #expect(settings.dataSection == .rodata && settings.isFrozen)
    #expect(settings.contents == [.init(key: [0, 0, 0, 0], value: .bytes(target == "bpfel" ? [4, 3, 2, 1] : [1, 2, 3, 4]))])
    #expect(object.variables.map(\.name).sorted() == ["limit", "scratch", "state"])
  }

  @Test("clang makes a static array smaller than its type says", arguments: targets)
  func shrunkArray(target: String) throws {
    let source =
      ObjectReaderTests.helpers + """
        static u64 counters[1000];
        SEC("xdp") int prog(void *ctx) { counters[2]++; return 2; }
        """
    let object = try ObjectSpec(bytes: try Fixtures.compile(source, target: target))
    let bss = try #require(object.maps.first { $0.name == ".bss" })
    let variable = try #require(object.variables.first { $0.name.hasPrefix("counters") })
    // Here clang 21 leaves one element of a thousand, `counters.0`.
    #expect(bss.valueSize < 8000)
    #expect(object.btf?.type(variable.typeID)?.kind == .array)
    // What is loaded is what is there: the view does not reach over the map's end, whatever BTF says.
    #expect(variable.offset + variable.size <= bss.valueSize)
    let access = object.programs[0].instructions.indices.first { object.programs[0].instructions[$0].source == WideSource.mapIndexValue }
    let slot = try #require(access)
    #expect(object.programs[0].instructions[slot].immediate == Int32(object.maps.firstIndex { $0.name == ".bss" }!))
    #expect(object.programs[0].instructions[slot + 1].immediate < Int32(bss.valueSize))
  }

  @Test("settings and functions of the kernel are externs", arguments: targets)
  func externs(target: String) throws {
    let source =
      ObjectReaderTests.helpers + """
        extern unsigned LINUX_KERNEL_VERSION SEC(".kconfig");
        extern int CONFIG_HZ SEC(".kconfig") __attribute__((weak));
        extern void bpf_rcu_read_lock(void) SEC(".ksyms");
        extern const int bpf_prog_active SEC(".ksyms") __attribute__((weak));
        SEC("tc") int prog(void *ctx) {
          bpf_rcu_read_lock();
          return LINUX_KERNEL_VERSION + CONFIG_HZ + (&bpf_prog_active != 0);
        }
        """
    let text = source.replacing(
      "#define SEC(name) __attribute__((section(name), used))", with: "#define SEC(name) __attribute__((section(name)))")
    let object = try ObjectSpec(bytes: try Fixtures.compile(text, target: target))
    let externs = Dictionary(uniqueKeysWithValues: object.externs.map { ($0.name, $0) })
    #expect(externs.count == 4)
    #expect(externs["LINUX_KERNEL_VERSION"]?.kind == .kconfig && externs["LINUX_KERNEL_VERSION"]?.isWeak == false)
    #expect(externs["CONFIG_HZ"]?.kind == .kconfig && externs["CONFIG_HZ"]?.isWeak == true && externs["CONFIG_HZ"]?.size == 4)
    #expect(externs["bpf_rcu_read_lock"]?.kind == .function)
    #expect(externs["bpf_prog_active"]?.kind == .variable(typed: true) && externs["bpf_prog_active"]?.isWeak == true)
    #expect(object.maps.contains { $0.name == ".kconfig" && $0.valueSize == 8 })
    #expect(
      Set(object.programs[0].references.map { object.externs[$0.extern].name }).isSuperset(of: ["bpf_rcu_read_lock", "bpf_prog_active"]))
  }

  @Test("inner maps, values and programs that are not loaded by themselves", arguments: targets)
  func innerMaps(target: String) throws {
    let source =
      ObjectReaderTests.helpers + """
        struct inner { __uint(type, 2); __uint(max_entries, 3); __type(key, u32); __type(value, u64); };
        struct inner one SEC(".maps");
        struct { __uint(type, 12); __uint(max_entries, 4); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") = {
          .values = { [2] = &one } };
        SEC("?xdp") int dormant(void *ctx) { return 2; }
        SEC("xdp") int target(void *ctx) { return tail_call(ctx, &jumps, 1); }
        """
    let text = source.replacing(
      "SEC(\"?xdp\")",
      with: """
        int target(void *ctx);
        struct { __uint(type, 3); __uint(max_entries, 2); __uint(key_size, 4); __array(values, int(void *)); } jumps SEC(".maps") = {
          .values = { [1] = (void *)&target } };
        SEC("?xdp")
        """)
    let object = try ObjectSpec(bytes: try Fixtures.compile(text, target: target))
    #expect(object.programs.first { $0.name == "dormant" }?.isAutoloaded == false)
    #expect(object.programs.first { $0.name == "target" }?.isAutoloaded == true)
    let outer = try #require(object.maps.first { $0.name == "outer" })
    #expect(outer.inner.first?.maxEntries == 3)
    #expect(outer.contents.count == 1)
    let key: [UInt8] = target == "bpfel" ? [2, 0, 0, 0] : [0, 0, 0, 2]
    #expect(outer.contents.first?.key == key)
    if case .map(let index)? = outer.contents.first?.value {
      #expect(object.maps[index].name == "one")
    } else {
      Issue.record("no map in the map of maps")
    }
    let jumps = try #require(object.maps.first { $0.name == "jumps" })
    #expect(jumps.contents.count == 1)
    if case .program(let name)? = jumps.contents.first?.value {
      #expect(name == "target")
    } else {
      Issue.record("no program in the prog array")
    }
  }
}
