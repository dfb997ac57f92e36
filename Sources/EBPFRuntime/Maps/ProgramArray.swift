import CEBPF
import EBPFHost
import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `BPF_MAP_TYPE_PROG_ARRAY`: programs by index, for tail calls. All of one type and engine, that of the first program that has to do with it
/// (`__bpf_prog_map_compatible` in `kernel/bpf/core.c`).
///
/// A program that is replaced or deleted stays until the runs that may be in it have ended. Closing the map empties it.
final class ProgramArray: UserspaceMap, @unchecked Sendable {
  private let memory: MapMemory
  /// What keeps the programs alive.
  private let entries = Locked(Entries())

  private struct Entries {
    var kind: ProgramKind?
    var programs: [UInt32: HeldProgram] = [:]
  }

  /// - Returns: `nil` where there is not enough memory.
  init?(spec: MapSpec) {
    guard let memory = MapMemory(byteCount: spec.maxEntries * 8) else { return nil }
    self.memory = memory
    super.init(spec: spec, processorCount: 1)
    header.pointee.values = memory.start
    header.pointee.value_stride = 8
  }

  /// Whether a program may be called through the map, or call through it; the first one decides for all.
  func admits(_ kind: ProgramKind) -> Bool {
    entries.withLock { entries in
      if entries.kind == nil { entries.kind = kind }
      return entries.kind == kind
    }
  }

  private func address(_ index: UInt32) -> UInt64 { UInt64(UInt(bitPattern: memory.start)) + UInt64(index) * 8 }

  override func put(_ program: UserspaceProgram, _ key: UnsafeRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    if index >= spec.maxEntries { return E2BIG }
    if !admits(program.code.kind) { return EINVAL }
    // The map belongs to its own instance: keeping that alive from here would keep it forever.
    let isOwn = program.instance.maps.contains { $0 === self }
    let held = HeldProgram(code: program.code, instance: isOwn ? nil : program.instance)
    let old = entries.withLock { entries in
      _ = cebpf_atomic_exchange64(address(index), UInt64(UInt(bitPattern: program.code.record)))
      return entries.programs.updateValue(held, forKey: index)
    }
    if let old { Retired.keep(old) }
    return 0
  }

  override func erase(_ key: UnsafeRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    return index >= spec.maxEntries ? E2BIG : remove(index) ? 0 : ENOENT
  }

  private func remove(_ index: UInt32) -> Bool {
    let old = entries.withLock { entries in
      _ = cebpf_atomic_exchange64(address(index), 0)
      return entries.programs.removeValue(forKey: index)
    }
    if let old { Retired.keep(old) }
    return old != nil
  }

  override func clear() {
    for index in entries.withLock({ Array($0.programs.keys) }) { _ = remove(index) }
  }

  override func read(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) -> Int32 {
    let index = key.loadUnaligned(as: UInt32.self)
    guard let id = entries.withLock({ $0.programs[index]?.code.id }) else { return ENOENT }
    value.storeBytes(of: id, as: UInt32.self)
    return 0
  }

  /// The kernel takes a descriptor here, of which there are none.
  override func write(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer, _ flags: UInt64) -> Int32 { EBADF }

  override func next(after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer) -> Int32 {
    nextIndex(after: key, count: spec.maxEntries, into: next)
  }
}

/// What programs that call each other must share.
struct ProgramKind: Hashable, Sendable {
  var type: ProgramType
  var attachType: AttachType?
  /// `nil`: a function of this process.
  var engine: LoadOptions.Engine?
}

/// A program in a prog array, and the instance whose maps it works on where nobody else keeps that.
private final class HeldProgram: Sendable {
  let code: ProgramCode
  let instance: Instance?
  init(code: ProgramCode, instance: Instance?) {
    self.code = code
    self.instance = instance
  }
}
