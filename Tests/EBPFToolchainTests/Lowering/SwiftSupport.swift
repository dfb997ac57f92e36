import EBPFHost
import EBPFObject
import EBPFRuntime
import EBPFToolchain
import Foundation
import Testing

/// Programs in Swift for tests of the lowering: a small module `BPF` that keeps the contract with it, and what compiles with that.
enum SwiftSupport {
  struct Failure: Error, CustomStringConvertible { var description: String }

  /// A module `BPF` of which each declaration is one side of the contract: maps, settings, licences, contexts, helpers, callbacks.
  private static let module = #"""
    import Builtin
    @_exported import CBPF

    struct MapDefinition: BitwiseCopyable {
      var type: UInt32, keySize: UInt32, valueSize: UInt32, maxEntries: UInt32, flags: UInt32, pinning: UInt32
      var numaNode: UInt32 = 0, innerType: UInt32 = 0, innerKeySize: UInt32 = 0, innerValueSize: UInt32 = 0
      var innerMaxEntries: UInt32 = 0, innerFlags: UInt32 = 0, extra: UInt64 = 0
    }
    @_rawLayout(like: MapDefinition, movesAsLike)
    public struct MapAnchor: ~Copyable, @unchecked Sendable {
      @inline(__always) init(_ definition: MapDefinition) {
        UnsafeMutablePointer<MapDefinition>(Builtin.unprotectedAddressOfBorrow(self)).initialize(to: definition)
      }
      @inline(__always) var pointer: UnsafeRawPointer { UnsafeRawPointer(Builtin.unprotectedAddressOfBorrow(self)) }
    }
    public struct HashMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: ~Copyable, Sendable {
      let anchor: MapAnchor
      @inline(__always) public init(maxEntries: Int, flags: UInt32 = 0, isPinned: Bool = false) {
        anchor = MapAnchor(
          MapDefinition(
            type: 1, keySize: UInt32(MemoryLayout<Key>.stride), valueSize: UInt32(MemoryLayout<Value>.stride),
            maxEntries: UInt32(truncatingIfNeeded: maxEntries), flags: flags, pinning: isPinned ? 1 : 0))
      }
      @inline(__always) public subscript(_ key: Key) -> UnsafeMutablePointer<Value>? {
        var key = key
        return helper_lookup(anchor.pointer, &key)?.assumingMemoryBound(to: Value.self)
      }
      @inline(__always) public func forEach(_ body: (UnsafePointer<Key>, UnsafeMutablePointer<Value>) -> Bool) -> Int {
        callbackForEach(anchor.pointer, body)
      }
    }
    public struct ArrayMap<Value: BitwiseCopyable>: ~Copyable, Sendable {
      let anchor: MapAnchor
      @inline(__always) public init(count: Int) {
        anchor = MapAnchor(
          MapDefinition(
            type: 2, keySize: 4, valueSize: UInt32(MemoryLayout<Value>.stride), maxEntries: UInt32(truncatingIfNeeded: count), flags: 0,
            pinning: 0))
      }
      @inline(__always) public subscript(_ index: UInt32) -> UnsafeMutablePointer<Value>? {
        var index = index
        return helper_lookup(anchor.pointer, &index)?.assumingMemoryBound(to: Value.self)
      }
    }
    public struct RingBuffer<Record: BitwiseCopyable>: ~Copyable, Sendable {
      let anchor: MapAnchor
      @inline(__always) public func reserve() -> UnsafeMutablePointer<Record>? {
        helper_reserve(anchor.pointer, UInt64(MemoryLayout<Record>.stride))?.assumingMemoryBound(to: Record.self)
      }
      @inline(__always) public init(byteCount: Int) {
        anchor = MapAnchor(
          MapDefinition(type: 27, keySize: 0, valueSize: 0, maxEntries: UInt32(truncatingIfNeeded: byteCount), flags: 0, pinning: 0))
      }
    }
    @_rawLayout(like: Value, movesAsLike)
    public struct Setting<Value: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
      @inline(__always) public init(_ value: Value) { address.initialize(to: value) }
      @inline(__always) var address: UnsafeMutablePointer<Value> { UnsafeMutablePointer(Builtin.unprotectedAddressOfBorrow(self)) }
      @inline(__always) public var value: Value { address.pointee }
    }
    @frozen public struct License: Sendable {
      public let text: StaticString
      @inline(__always) public init(_ text: StaticString) { self.text = text }
      @inline(__always) public static var gpl: License { License("GPL") }
    }
    @frozen public struct XDPContext {
      public let pointer: UnsafeMutablePointer<xdp_md>
      @inline(__always) public var length: UInt32 { pointer.pointee.data_end &- pointer.pointee.data }
    }
    @frozen public struct TCContext {
      public let pointer: UnsafeMutablePointer<xdp_md>
      @inline(__always) public var length: UInt32 { pointer.pointee.data_end &- pointer.pointee.data }
    }
    @_silgen_name("bpf_callback_loop")
    func callbackLoop(_ count: UInt32, _ body: (UInt32) -> Bool) -> Int
    @inline(__always) public func loop(_ count: UInt32, _ body: (UInt32) -> Bool) -> Int { callbackLoop(count, body) }
    @_silgen_name("bpf_callback_for_each_map_elem") @_optimize(none)
    func callbackForEach<Key, Value>(
      _ map: UnsafeRawPointer, _ body: (UnsafePointer<Key>, UnsafeMutablePointer<Value>) -> Bool
    ) -> Int { 0 }
    @_silgen_name("bpf_zero_padding") @_optimize(none)
    func zeroGaps<Value: BitwiseCopyable>(of pointer: UnsafeMutablePointer<Value>) {
      var copy = pointer.pointee
      use(&copy)
    }
    /// What lies in the padding of a value on the stack, before and after.
    @inline(__always) public func padded<Value: BitwiseCopyable>(_ value: Value, _ offset: Int) -> UInt8 {
      withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
        let pointer = buffer.baseAddress.unsafelyUnwrapped
        fill(pointer, UInt(MemoryLayout<Value>.size))
        pointer.initialize(to: value)
        zeroGaps(of: pointer)
        return UnsafeRawPointer(pointer).load(fromByteOffset: offset, as: UInt8.self)
      }
    }
    """#

  private static let header = #"""
    #pragma once
    typedef unsigned int u32;
    typedef unsigned long long u64;
    struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
    #define INLINE static inline __attribute__((always_inline))
    INLINE void *helper_lookup(const void *map, const void *key) { return ((void *(*)(const void *, const void *))1)(map, key); }
    INLINE u64 helper_time(void) { return ((u64(*)(void))5)(); }
    INLINE long helper_print(const char *text, u32 size) { return ((long (*)(const char *, u32))6)(text, size); }
    INLINE void use(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
    INLINE void fill(void *p, unsigned long n) { __builtin_memset(p, 0x55, n); use(p); }
    INLINE void *helper_reserve(const void *map, u64 size) { return ((void *(*)(const void *, u64, u64))131)(map, size, 0); }
    INLINE void helper_submit(void *record) { ((void (*)(void *, u64))132)(record, 0); }
    INLINE u64 relaxed_add(void *p, u64 v) { return __atomic_fetch_add((u64 *)p, v, __ATOMIC_RELAXED); }
    INLINE u64 acquire_load(void *p) { return __atomic_load_n((u64 *)p, __ATOMIC_ACQUIRE); }
    INLINE void release_store(void *p, u64 v) { __atomic_store_n((u64 *)p, v, __ATOMIC_RELEASE); }
    INLINE int may_goto(void) {
      __asm__ volatile goto("may_goto %l[over]" : : : : over);
      return 1;
    over:
      return 0;
    }
    struct bpf_iter_num { u64 opaque[1]; };
    extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __attribute__((section(".ksyms")));
    extern int *bpf_iter_num_next(struct bpf_iter_num *it) __attribute__((section(".ksyms")));
    extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __attribute__((section(".ksyms")));
    """#

  private static let flags = [
    "-target", "riscv64-none-none-eabi", "-enable-experimental-feature", "Embedded", "-wmo", "-O", "-parse-as-library",
    "-enforce-exclusivity=unchecked", "-Xcc", "-fsigned-char", "-Xcc", "-Wno-nullability-completeness",
  ]

  /// The folder of the compiled module, made once.
  private static let modules: Result<String, Failure> = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-lowering-\(UUID().uuidString)").path
    do {
      try FileManager.default.createDirectory(atPath: "\(folder)/CBPF", withIntermediateDirectories: true)
      try header.write(toFile: "\(folder)/CBPF/cbpf.h", atomically: true, encoding: .utf8)
      try "module CBPF { header \"cbpf.h\" export * }".write(toFile: "\(folder)/CBPF/module.modulemap", atomically: true, encoding: .utf8)
      try module.write(toFile: "\(folder)/BPF.swift", atomically: true, encoding: .utf8)
      try run(
        "swiftc",
        flags + [
          "-enable-experimental-feature", "RawLayout", "-enable-experimental-feature", "BuiltinModule", "-module-name", "BPF", "-I",
          "\(folder)/CBPF", "-module-cache-path", "\(folder)/cache", "-emit-module", "-o", "\(folder)/BPF.swiftmodule",
          "\(folder)/BPF.swift",
        ])
      removedAtExit = folder
      atexit { try? FileManager.default.removeItem(atPath: removedAtExit) }
      return .success(folder)
    } catch {
      return .failure(Failure(description: "\(error)"))
    }
  }()

  /// Runs a program of the toolchain to its end.
  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let messages = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(program) \(arguments.joined(separator: " "))\n\(String(decoding: messages, as: UTF8.self))")
    }
  }

  /// What swiftc makes of a program: textual IR. The module's name is that of the file.
  static func ir(_ source: String, in folder: String, name: String = "program") throws -> [UInt8] {
    let modules = try modules.get()
    // A queue of number 0 that the optimiser knows nothing of, whatever the kind of program.
    let prelude =
      "import BPF; var queueNumber: UInt32 = 0; extension XDPContext { var queue: UInt32 { queueNumber } }; "
      + "extension TCContext { var queue: UInt32 { queueNumber } }"
    try "\(prelude)\n\(source)\n".write(toFile: "\(folder)/\(name).swift", atomically: true, encoding: .utf8)
    try run(
      "swiftc",
      flags + [
        "-g", "-enable-testing", "-Xfrontend", "-disable-stack-protector", "-Xfrontend", "-disable-llvm-optzns", "-module-name", name,
        "-module-cache-path", "\(modules)/cache", "-I", modules, "-I", "\(modules)/CBPF", "-emit-ir", "\(folder)/\(name).swift", "-o",
        "\(folder)/\(name).ll",
      ])
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).ll")))
  }

  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-lowering-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  static func ir(_ source: String) throws -> [UInt8] { try withFolder { try ir(source, in: $0) } }

  /// The lowered IR of a program as a text.
  static func lowered(_ source: String, _ options: LoweringOptions = LoweringOptions()) throws -> String {
    String(decoding: try Lowering(options).lower(try ir(source)), as: UTF8.self)
  }

  /// The error that a program gets.
  static func problem(_ source: String, _ options: LoweringOptions = LoweringOptions()) throws -> LoweringError {
    let text = try ir(source)
    do {
      _ = try Lowering(options).lower(text)
    } catch {
      return error
    }
    throw Failure(description: "no error")
  }

  /// Compiles IR with clang; the object's bytes.
  static func assemble(_ ir: [UInt8], _ arguments: [String]) throws -> [UInt8] {
    try withFolder { folder in
      try Data(ir).write(to: URL(fileURLWithPath: "\(folder)/a.ll"))
      try run("clang", arguments + ["-Wno-override-module", "-c", "-x", "ir", "\(folder)/a.ll", "-o", "\(folder)/a.o"])
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.o")))
    }
  }

  /// The object of a program. The source's file exists while clang reads its lines.
  static func object(_ source: String, _ options: LoweringOptions = LoweringOptions(), cpu: String = "v3") throws -> ObjectSpec {
    try withFolder { folder in
      let lowered = try Lowering(options).lower(try ir(source, in: folder))
      let object = try assemble(
        lowered, ["-target", "bpf", "-mcpu=\(cpu)", "-O2", "-Xclang", "-fno-split-cold-code", "-mllvm", "-disable-lsr"])
      return try ObjectSpec(bytes: object)
    }
  }

  /// What a program returns on the userspace host, over 64 zero bytes.
  static func result(_ source: String, program: String = "prog", _ options: LoweringOptions = LoweringOptions()) throws -> Int32 {
    let loaded = try UserspaceHost().load(try object(source, options))
    let result = try loaded.program(program).run(TestInput(data: Array(repeating: 0, count: 64)))
    return Int32(truncatingIfNeeded: result.returnValue)
  }
}

/// A program that is run again and again with other values in its variables.
struct VariableRunner {
  let object: ObjectSpec
  let loaded: Loaded

  init(_ source: String) throws {
    object = try SwiftSupport.object(source)
    loaded = try UserspaceHost().load(object)
  }

  func set<Number: FixedWidthInteger>(_ name: String, _ value: Number) throws {
    let (map, offset) = try place(name)
    var bytes = try #require(try map.lookup([0, 0, 0, 0]))
    withUnsafeBytes(of: value.littleEndian) { for (index, byte) in $0.enumerated() { bytes[offset + index] = byte } }
    try map.update([0, 0, 0, 0], bytes)
  }

  func get<Number: FixedWidthInteger>(_ name: String) throws -> Number {
    let (map, offset) = try place(name)
    let bytes = try #require(try map.lookup([0, 0, 0, 0]))
    return Number(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) })
  }

  func run() throws -> Int32 {
    Int32(truncatingIfNeeded: try loaded.programs[0].run(TestInput(data: Array(repeating: 0, count: 64))).returnValue)
  }

  private func place(_ name: String) throws -> (Map, Int) {
    let variable = try #require(object.variables.first { $0.name == name })
    return (loaded.maps[variable.map], variable.offset)
  }
}

/// The folder to remove at the end of the process.
nonisolated(unsafe) private var removedAtExit = ""
