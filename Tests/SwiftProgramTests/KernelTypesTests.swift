import EBPFBTF
import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Programs that read the kernel's structures: what they read, and what their objects say of where the members lie.
@Suite struct KernelTypesTests {
  static let hasKernel = geteuid() == 0
  static let bpftool = ["/usr/sbin/bpftool", "/usr/bin/bpftool", "/usr/local/sbin/bpftool"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Compiles a text, as a source of its own.
  private func compile(_ text: String, _ ending: String = "swift", types: String? = nil) async throws -> ObjectSpec {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-types-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("program.\(ending)").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    var options = CompileOptions()
    options.kernelTypes = types
    return try ObjectSpec(bytes: await Toolchain.compile([path], options: options).object, name: "program.\(ending)")
  }

  private static let header = "import BPF\nimport Kernel\nlet license = License.gpl\n"

  // MARK: Values

  @Test(.enabled(if: hasKernel, "the kernel takes root")) func aProgramReadsWhatTheProcessKnows() async throws {
    let object = try await compile(
      Self.header + """
        struct Answer: BitwiseCopyable {
          var pid: Int32, parent: Int32, threads: Int32, grandparent: Int32
          var command: InlineArray<16, UInt8>
        }
        @section("syscall") @used
        func answer(_ ctx: SyscallProgramContext<Answer>) -> Int32 {
          let task = task_struct.current
          ctx.arguments.pid = task.tgid
          ctx.arguments.parent = task.real_parent.tgid
          ctx.arguments.threads = task.signal.nr_threads
          ctx.arguments.grandparent = task.real_parent?.real_parent?.tgid ?? -1
          // The context is no memory that a helper may fill.
          var command = InlineArray<16, UInt8>(repeating: 0)
          task.group_leader?.comm.copyString(into: &command)
          ctx.arguments.command = command
          return 0
        }
        """)
    let loaded = try KernelHost().load(object)
    defer { loaded.close() }
    let result = try loaded.programs[0].run(TestInput(context: [UInt8](repeating: 0, count: 32)))
    func number(_ offset: Int) -> Int32 { result.context.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int32.self) } }
    #expect(number(0) == getpid())
    #expect(number(4) == getppid())
    #expect(number(8) >= 1)
    let status = try String(contentsOfFile: "/proc/\(getppid())/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("PPid:") })
    #expect(number(12) == Int32(line.dropFirst(5).trimmingCharacters(in: .whitespaces)))
    let name = try String(contentsOfFile: "/proc/self/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(String(decoding: result.context[16..<32].prefix { $0 != 0 }, as: UTF8.self) == name)
  }

  // MARK: Kinds of programs

  @Test func readsFollowTheKindsOfPrograms() async throws {
    let object = try await compile(
      Self.header + """
        nonisolated(unsafe) var last: Int32 = 0
        @inline(never) func shared(_ task: task_struct) { last = task.real_parent.tgid }
        @inline(never) func typed(_ task: task_struct) { last = task.tgid }
        @section("tp_btf/sched_process_exec") @used
        func a(_ ctx: BTFTracepointContext) { typed(.current); shared(.current) }
        @section("kprobe/do_exit") @used
        func b(_ ctx: KprobeContext) { shared(.current) }
        @section("tp_btf/sched_process_fork") @used
        func c(_ ctx: BTFTracepointContext) { typed(.current) }
        """)
    func probes(_ name: String) throws -> Int {
      try #require(object.programs.first { $0.name == name }).instructions.count { $0.opcode == 0x85 && $0.immediate == 113 }
    }
    // Two reads of memory in the function that both kinds reach, and none in the others.
    #expect(try [probes("a"), probes("b"), probes("c")] == [2, 2, 0])
  }

  // MARK: Relocations

  /// What an access is about: kind, root and path.
  private func records(_ object: ObjectSpec) throws -> [String: [String]] {
    var result: [String: [String]] = [:]
    for program in object.programs {
      result[program.name] = try program.coreRelocations.map { relocation in
        let access = try object.access(of: relocation)
        return "\(relocation.kind) \(access.typeName) \(relocation.access) \(access.field)"
      }.sorted()
    }
    return result
  }

  /// Questions and accesses in both languages.
  private static let pairs: [(swift: String, c: String)] = [
    ("task.real_parent.tgid", "task->real_parent->tgid"),
    ("Int32(truncatingIfNeeded: task.se.vruntime)", "task->se.vruntime"),
    ("Int32(task.comm[3])", "task->comm[3]"),
    ("Int32(task.in_execve)", "BPF_CORE_READ_BITFIELD(task, in_execve)"),
    ("task.mm.mm_users.counter", "task->mm->mm_users.counter"),
    ("Int32(truncatingIfNeeded: task.rcu_read_unlock_special.s)", "task->rcu_read_unlock_special.s"),
    ("task_struct.field.comm.exists ? 1 : 0", "bpf_core_field_exists(task->comm)"),
    ("Int32(task_struct.field.comm.byteSize)", "bpf_core_field_size(task->comm)"),
    ("Int32(task_struct.field.comm.byteOffset)", "bpf_core_field_offset(task->comm)"),
    ("task_struct.field.tgid.isSigned ? 1 : 0", "__builtin_preserve_field_info(task->tgid, 3)"),
    ("task_struct.type.exists ? 1 : 0", "bpf_core_type_exists(struct task_struct)"),
    ("Int32(task_struct.type.byteSize)", "bpf_core_type_size(struct task_struct)"),
    ("task_struct.type.matches ? 1 : 0", "bpf_core_type_matches(struct task_struct)"),
    ("Int32(truncatingIfNeeded: task_struct.type.localID)", "bpf_core_type_id_local(struct task_struct)"),
    ("Int32(truncatingIfNeeded: task_struct.type.targetID)", "bpf_core_type_id_kernel(struct task_struct)"),
    ("pid_type.enumerator(\"PIDTYPE_TGID\").exists ? 1 : 0", "bpf_core_enum_value_exists(enum pid_type, PIDTYPE_TGID)"),
    ("Int32(pid_type.PIDTYPE_TGID.rawValue)", "bpf_core_enum_value(enum pid_type, PIDTYPE_TGID)"),
    (
      "task_struct___old.field.member(\"state\", as: Int64.self).exists ? 1 : 0",
      "bpf_core_field_exists(((struct task_struct___old *)0)->state)"
    ),
  ]

  private static let swiftTwin =
    header
    + pairs.enumerated().map { number, pair in
      """
      @section("syscall") @used
      func p\(number)(_ ctx: SyscallProgramContext<UInt64>) -> Int32 { let task = task_struct.current; _ = task; return \(pair.swift) }

      """
    }.joined()

  private static let cTwin =
    """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    #include <bpf/bpf_core_read.h>
    #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
    typedef struct { int counter; } atomic_t;
    struct mm_struct { struct { atomic_t mm_users; }; };
    struct sched_entity { unsigned long long vruntime; };
    union rcu_special { unsigned s; };
    struct task_struct {
      struct sched_entity se;
      struct mm_struct *mm;
      unsigned in_execve: 1;
      int tgid;
      struct task_struct *real_parent;
      char comm[16];
      union rcu_special rcu_read_unlock_special;
    };
    struct task_struct___old { long state; };
    enum pid_type { PIDTYPE_TGID = 1 };
    #pragma clang attribute pop

    """
    + pairs.enumerated().map { number, pair in
      "SEC(\"syscall\") int p\(number)(void *ctx) { struct task_struct *task = (void *)bpf_get_current_task_btf(); return \(pair.c); }\n"
    }.joined() + "char _license[] SEC(\"license\") = \"GPL\";\n"

  @Test func relocationsAreThoseOfCTwins() async throws {
    let object = try await compile(Self.swiftTwin)
    let swift = try records(object)
    let c = try records(await compile(Self.cTwin, "c"))
    func order(_ records: [String]) -> [String] {
      // Members are numbered among those that an object has, in their order in the kernel: the twin's order is one kernel's.
      records.map { $0.split(separator: " ").enumerated().filter { $0.offset != 2 }.map { String($0.element) }.joined(separator: " ") }
    }
    for number in Self.pairs.indices {
      let one = try #require(swift["p\(number)"]), other = try #require(c["p\(number)"])
      #expect(!one.isEmpty && order(one) == order(other), "\(Self.pairs[number].swift)")
    }
    let kinds = Set(object.programs.flatMap { $0.coreRelocations.map(\.kind.rawValue) })
    #expect(kinds == Set(0...12), "all kinds")
  }

  @Test func accessStringsAreThoseOfATwinWithTheSameMembers() async throws {
    let swift = try await compile(
      Self.header + """
        @section("syscall") @used
        func p(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
          let entity = task_struct.current.se
          return Int32(truncatingIfNeeded: entity.vruntime &+ entity.load.weight &+ UInt64(task_struct.current.comm[5]))
        }
        """)
    let c = try await compile(
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
      struct load_weight { unsigned long weight; };
      struct sched_entity { struct load_weight load; unsigned long long vruntime; };
      struct task_struct { struct sched_entity se; char comm[16]; };
      #pragma clang attribute pop
      SEC("syscall") int p(void *ctx) {
        struct task_struct *task = (void *)bpf_get_current_task_btf();
        return task->se.vruntime + task->se.load.weight + task->comm[5];
      }
      char _license[] SEC("license") = "GPL";
      """, "c")
    #expect(try records(swift) == records(c))
  }

  @Test func membersAreWhereTheTargetHasThem() async throws {
    let object = try await compile(
      Self.header + """
        @section("syscall") @used
        func p(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
          let task = task_struct.current
          return Int32(truncatingIfNeeded: task.se.vruntime &+ UInt64(task.comm[3])) &+ task.tgid &+ Int32(pid_type.PIDTYPE_TGID.rawValue)
        }
        """)
    var builder = BTFBuilder()
    let number = builder.addInteger("int", size: 4, isSigned: true)
    let long = builder.addInteger("long long unsigned int", size: 8)
    let letter = builder.addInteger("char", size: 1)
    let letters = builder.addArray(of: letter, count: 16, index: number)
    let entity = builder.addStructure("sched_entity", size: 128, members: [BTFType.Member("vruntime", type: long, bitOffset: 8 * 104)])
    _ = builder.addStructure(
      "task_struct", size: 1024,
      members: [
        BTFType.Member("tgid", type: number, bitOffset: 8 * 12), BTFType.Member("comm", type: letters, bitOffset: 8 * 40),
        BTFType.Member("se", type: entity, bitOffset: 8 * 512),
      ])
    _ = builder.addEnumeration("pid_type", enumerators: [BTFType.Enumerator("PIDTYPE_TGID", 7)])
    let moved = try object.relocated(against: TargetTypes(builder.build(), name: "moved"))
    func offsets(_ program: ProgramSpec) -> Set<Int> {
      // Loads through registers other than the stack's.
      Set(program.instructions.filter { $0.opcode & 7 == 1 }.map { Int($0.offset) })
    }
    #expect(offsets(moved.programs[0]).isSuperset(of: [12, 43, 616]))
    let values = moved.programs[0].coreResolutions.compactMap { resolution -> UInt64? in
      if case .patched(_, let value) = resolution.outcome { value } else { nil }
    }
    #expect(Set(values) == [12, 43, 616, 7])
    // Without the member it is an instruction that must not be reached.
    var bare = BTFBuilder()
    let other = bare.addInteger("int", size: 4, isSigned: true)
    _ = bare.addStructure("task_struct", size: 64, members: [BTFType.Member("tgid", type: other, bitOffset: 0)])
    let lost = try object.relocated(against: TargetTypes(bare.build(), name: "bare"))
    #expect(lost.programs[0].coreResolutions.count(where: \.isPoisoned) >= 2)
  }

  // MARK: Where types come from

  @Test func typesComeFromAFile() async throws {
    var builder = BTFBuilder()
    let number = builder.addInteger("int", size: 4, isSigned: true)
    _ = builder.addStructure("gadget", size: 24, members: [BTFType.Member("in", type: number, bitOffset: 64)])
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("gadget-\(UUID().uuidString).btf").path
    try Data(builder.bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text =
      Self.header + """
        @section("kprobe/use") @used
        func use(_ ctx: KprobeContext) { printk("%d", ctx.pointer(0, to: gadget.self).in) }
        """
    let object = try await compile(text, types: path)
    #expect(try records(object) == ["use": ["byte_off gadget 0:0 in"]])
  }

  @Test func aMissingFileOfTypesIsNamed() async throws {
    let error = await #expect(throws: ToolchainError.self) { try await compile(Self.header, types: "/nowhere/vmlinux") }
    #expect(error?.code == .noKernelTypes)
    #expect(error?.message.contains("the module Kernel") == true && error?.message.contains("--btf FILE") == true)
    #expect(error?.message.contains("/nowhere/vmlinux") == true)
  }

  // MARK: libbpf

  /// Runs a command; its status and all that it wrote.
  private func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test(.enabled(if: hasKernel && bpftool != nil, "root and bpftool"), arguments: Example.Language.allCases)
  func bpftoolReadsTheTaskIterator(_ language: Example.Language) async throws {
    let bpftool = try #require(Self.bpftool)
    let name = "swift-ebpf-\(UUID().uuidString)"
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(name).o").path
    try Data(await Example.taskIterator.compile(language)).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let pin = "/sys/fs/bpf/\(name)"
    let made = try run([bpftool, "iter", "pin", path, pin])
    defer { unlink(pin) }
    try #require(made.status == 0, "\(made.text)")
    // A file of the BPF file system has no size before it is read.
    let text = try run(["/bin/cat", pin]).text
    let lines = text.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    #expect(lines.first?.first == "PID")
    let own = try #require(lines.first { $0.first == Substring("\(getpid())") }, "\(text)")
    #expect(own[1] == Substring("\(getppid())"))
    #expect(Int(own[2]) ?? 0 >= 1)
    let command = try String(contentsOfFile: "/proc/self/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(own[4...].joined(separator: " ") == command)
    #expect(!lines.contains { $0.count > 4 && $0[4].hasPrefix("kworker") }, "the kernel's threads are left out")
  }

  @Test(.enabled(if: hasKernel && bpftool != nil, "root and bpftool")) func libbpfAppliesTheRelocations() async throws {
    let bpftool = try #require(Self.bpftool)
    let name = "swift-ebpf-\(UUID().uuidString)"
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appendingPathComponent("program.swift").path
    let object = folder.appendingPathComponent("program.o").path
    try Self.swiftTwin.write(toFile: source, atomically: true, encoding: .utf8)
    try Data(await Toolchain.compileSwift([source]).object).write(to: URL(fileURLWithPath: object))
    let pins = "/sys/fs/bpf/\(name)"
    let loaded = try run([bpftool, "-d", "prog", "loadall", object, pins])
    for number in Self.pairs.indices { unlink("\(pins)/p\(number)") }
    rmdir(pins)
    #expect(loaded.status == 0, "\(loaded.text.suffix(4000))")
    #expect(loaded.text.contains("struct task_struct.se.vruntime"))
  }

  @Test(.enabled(if: hasKernel && bpftool != nil, "root and bpftool")) func aTableOfOperationsControlsCongestion() async throws {
    let bpftool = try #require(Self.bpftool)
    let program = try #require(LanguageProgram.all.first { $0.name == "kernel_struct_ops_table" })
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).o").path
    try Data(await program.compile()).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let registered = try run([bpftool, "struct_ops", "register", path])
    try #require(registered.status == 0, "\(registered.text)")
    defer { _ = try? run([bpftool, "struct_ops", "unregister", "name", "swift_reno"]) }
    let known = try String(contentsOfFile: "/proc/sys/net/ipv4/tcp_available_congestion_control", encoding: .utf8)
    #expect(known.split(whereSeparator: \.isWhitespace).contains("swift_reno"))
    // Connections of the loopback interface use it, and bytes come through.
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer {
      close(listener)
      close(client)
    }
    #expect(setsockopt(client, Int32(IPPROTO_TCP), TCP_CONGESTION, "swift_reno", socklen_t("swift_reno".utf8.count)) == 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
          && connect(client, $0, length) == 0
      }
    }
    try #require(isConnected)
    let server = accept(listener, nil, nil)
    defer { close(server) }
    let bytes = [UInt8](repeating: 7, count: 60_000)
    #expect(send(client, bytes, bytes.count, 0) == bytes.count)
    var received = [UInt8](repeating: 0, count: bytes.count)
    #expect(recv(server, &received, received.count, Int32(MSG_WAITALL)) == bytes.count)
    #expect(received == bytes)
  }
}
