internal import CEBPF
internal import EBPFHost
internal import EBPFObject
internal import EBPFTables
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A map in the kernel.
final class KernelMap: MapBackend {
  let spec: MapSpec
  let descriptor: FileDescriptor
  let processorCount: Int
  /// Bytes of a value as it crosses the border to user space.
  let fullValueSize: Int
  private let ringBuffer = Mutex<RingBufferReader?>(nil)
  /// A data section's element in this process's memory, from when a variable of it is first asked for.
  private let dataMemory = Mutex<MappedData?>(nil)

  /// Takes over the descriptor of a map that was created as `spec` says.
  init(spec: MapSpec, descriptor: FileDescriptor) {
    self.spec = spec
    self.descriptor = descriptor
    processorCount = spec.type.isPerCPU ? Processors.possible : 1
    fullValueSize = spec.type.isPerCPU ? (spec.valueSize + 7) / 8 * 8 * processorCount : spec.valueSize
  }

  func lookup(_ key: [UInt8]) throws(HostError) -> [UInt8]? {
    try receive(fullValueSize, EBPF_MAP_LOOKUP_ELEM, key, "look up in")
  }

  func lookup(_ key: [UInt8], locked: Bool) throws(HostError) -> [UInt8]? {
    try receive(fullValueSize, EBPF_MAP_LOOKUP_ELEM, key, "look up in", flags: locked ? Self.lock : 0)
  }

  func lookupAndDelete(_ key: [UInt8]) throws(HostError) -> [UInt8]? {
    try receive(fullValueSize, EBPF_MAP_LOOKUP_AND_DELETE_ELEM, key, "take out of")
  }

  /// `BPF_F_LOCK`
  private static let lock: UInt64 = 4

  func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode) throws(HostError) { try update(key, value, mode, locked: false) }

  func update(_ key: [UInt8], _ value: [UInt8], _ mode: UpdateMode, locked: Bool) throws(HostError) {
    guard value.count == fullValueSize else {
      throw HostError(.badArgument, "map '\(spec.name)' has values of \(fullValueSize) bytes, not \(value.count)")
    }
    var value = value
    if case .failure(let error) = try element(EBPF_MAP_UPDATE_ELEM, key, &value, flags: mode.rawValue | (locked ? Self.lock : 0)) {
      throw failure("update", error)
    }
  }

  func delete(_ key: [UInt8]) throws(HostError) -> Bool {
    var none: [UInt8] = []
    switch try element(EBPF_MAP_DELETE_ELEM, key, &none) {
    case .success: return true
    case .failure(let error) where error.errno == ENOENT: return false
    case .failure(let error): throw failure("delete", error)
    }
  }

  func nextKey(after key: [UInt8]?) throws(HostError) -> [UInt8]? {
    try receive(spec.keySize, EBPF_MAP_GET_NEXT_KEY, key, "find the next key of")
  }

  func drain(_ body: (UnsafeRawBufferPointer) -> Void) throws(HostError) -> Int {
    guard spec.type == .ringbuf else {
      throw HostError(.unsupported, "map '\(spec.name)' is no ring buffer: it has elements to look up, not records to drain")
    }
    let outcome: Result<Int, HostError> = ringBuffer.withLock { reader in
      do throws(HostError) {
        if reader == nil {
          reader = try descriptor.use { (fd) throws(HostError) in
            try RingBufferReader(descriptor: fd, size: spec.maxEntries, name: spec.name)
          }
        }
        return .success(reader!.drain(body))
      } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  func wait(nanoseconds: Int64) throws(HostError) -> Bool {
    guard spec.type == .ringbuf else {
      throw HostError(.unsupported, "map '\(spec.name)' is no ring buffer: there is nothing to wait for")
    }
    return try descriptor.use { (fd) throws(HostError) in
      var request = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
      let milliseconds = (nanoseconds + 999_999) / 1_000_000
      return poll(&request, 1, Int32(clamping: milliseconds)) > 0
    }
  }

  func update(_ key: [UInt8], map: any MapBackend, _ mode: UpdateMode) throws(HostError) {
    guard let map = map as? KernelMap else {
      throw HostError(.badArgument, "map '\(spec.name)' is of the kernel and takes maps of the kernel only")
    }
    try update(key, descriptor: map.descriptor, mode)
  }

  func update(_ key: [UInt8], program: any ProgramBackend) throws(HostError) {
    guard let program = program as? KernelProgram else {
      throw HostError(.badArgument, "map '\(spec.name)' is of the kernel and takes programs of the kernel only")
    }
    try update(key, descriptor: program.descriptor)
  }

  /// Goes through the array in batches of about 256 KiB: an array can have millions of elements.
  func visitNonzero(_ body: (Int) -> Void) throws(HostError) {
    let size = fullValueSize
    let room = max(1, min(spec.maxEntries, (1 << 18) / max(1, size)))
    var keys = [UInt32](repeating: 0, count: room)
    var values = [UInt8](repeating: 0, count: room * size)
    var place: UInt32 = 0
    var isFirst = true
    while true {
      let (result, count): (Result<Int32, SystemError>, Int) = try descriptor.use { (fd) throws(HostError) in
        keys.withUnsafeMutableBytes { keys in
          values.withUnsafeMutableBytes { values in
            withUnsafeMutableBytes(of: &place) { place in
              var attributes = ebpf_map_batch()
              attributes.map_fd = UInt32(bitPattern: fd)
              attributes.count = UInt32(room)
              attributes.keys = UInt64(address: keys.baseAddress)
              attributes.values = UInt64(address: values.baseAddress)
              attributes.in_batch = isFirst ? 0 : UInt64(address: place.baseAddress)
              attributes.out_batch = UInt64(address: place.baseAddress)
              let result = SystemCall.bpf(EBPF_MAP_LOOKUP_BATCH, &attributes)
              return (result, Int(attributes.count))
            }
          }
        }
      }
      // ENOENT: the last element is among these.
      if case .failure(let error) = result, error.errno != ENOENT { throw failure("look up in", error) }
      isFirst = false
      values.withUnsafeBytes { values in
        for index in 0..<min(count, room) where values[index * size..<(index + 1) * size].contains(where: { $0 != 0 }) {
          body(Int(keys[index]))
        }
      }
      guard case .success = result, count > 0 else { return }
    }
  }

  func readData(_ range: Range<Int>) throws(HostError) -> [UInt8] {
    try checkData(range)
    if let bytes = try withDataMemory({ $0.read(range) }) { return bytes }
    guard let all = try lookup([0, 0, 0, 0]) else { throw HostError(.notFound, "map '\(spec.name)' has no element") }
    return Array(all[range])
  }

  func writeData(_ bytes: [UInt8], at offset: Int) throws(HostError) {
    try checkData(offset..<offset + bytes.count)
    if try withDataMemory({ $0.write(bytes, at: offset) }) != nil { return }
    // The section cannot be mapped: what programs write to its other variables in between is lost. A frozen one is refused here.
    guard var all = try lookup([0, 0, 0, 0]) else { throw HostError(.notFound, "map '\(spec.name)' has no element") }
    all.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    try update([0, 0, 0, 0], all, .any)
  }

  private func checkData(_ range: Range<Int>) throws(HostError) {
    guard spec.type == .array, spec.keySize == 4, range.lowerBound >= 0, range.upperBound <= spec.valueSize else {
      throw HostError(.badArgument, "map '\(spec.name)' has no bytes \(range) of data")
    }
  }

  /// Hands over the section's memory; `nil` where the kernel maps it for nobody (`BPF_F_MMAPABLE` is not set, or it is frozen).
  private func withDataMemory<Result: Sendable>(_ body: (borrowing MappedData) -> Result) throws(HostError) -> Result? {
    guard spec.flags.contains(.mmapable), !spec.isFrozen else { return nil }
    return try descriptor.use { (fd) throws(HostError) in
      dataMemory.withLock { memory in
        if memory == nil { memory = MappedData(descriptor: fd, byteCount: spec.valueSize) }
        return memory == nil ? nil : body(memory!)
      }
    }
  }

  func close() {
    descriptor.close()
    dataMemory.withLock { $0 = nil }
    ringBuffer.withLock { $0 = nil }
  }

  /// From now on user space cannot change the map (`BPF_MAP_FREEZE`).
  func freeze() throws(HostError) {
    let result = try descriptor.use { (fd) throws(HostError) in
      var attributes = ebpf_map_element()
      attributes.map_fd = UInt32(bitPattern: fd)
      return SystemCall.bpf(EBPF_MAP_FREEZE, &attributes)
    }
    if case .failure(let error) = result { throw failure("freeze", error) }
  }

  /// Puts a program or map under a key; the value is its descriptor.
  func update(_ key: [UInt8], descriptor: FileDescriptor, _ mode: UpdateMode = .any) throws(HostError) {
    try descriptor.use { (fd) throws(HostError) in
      try update(key, withUnsafeBytes(of: fd) { Array($0) }, mode)
    }
  }

  /// Receives bytes from an operation; `nil` where it says that there are none.
  private func receive(_ size: Int, _ command: ebpf_command, _ key: [UInt8]?, _ action: String, flags: UInt64 = 0) throws(HostError)
    -> [UInt8]?
  {
    var bytes = [UInt8](repeating: 0, count: size)
    switch try element(command, key, &bytes, flags: flags) {
    case .success: return bytes
    case .failure(let error) where error.errno == ENOENT: return nil
    case .failure(let error): throw failure(action, error)
    }
  }

  /// An operation on one element. Maps without keys (queues, stacks) want none, and neither does the question for the first key (`nil`).
  private func element(
    _ command: ebpf_command, _ key: [UInt8]?, _ value: inout [UInt8], flags: UInt64 = 0
  ) throws(HostError) -> Result<Int32, SystemError> {
    let key = key ?? []
    guard key.count == spec.keySize || key.isEmpty && command == EBPF_MAP_GET_NEXT_KEY else {
      throw HostError(.badArgument, "map '\(spec.name)' has keys of \(spec.keySize) bytes, not \(key.count)")
    }
    return try descriptor.use { (fd) throws(HostError) in
      key.withUnsafeBytes { key in
        value.withUnsafeMutableBytes { value in
          var attributes = ebpf_map_element()
          attributes.map_fd = UInt32(bitPattern: fd)
          attributes.key = key.isEmpty ? 0 : UInt64(address: key.baseAddress)
          attributes.value = value.isEmpty ? 0 : UInt64(address: value.baseAddress)
          attributes.flags = flags
          return SystemCall.bpf(command, &attributes)
        }
      }
    }
  }

  private func failure(_ action: String, _ error: SystemError) -> HostError {
    HostError(.mapOperation, Diagnosis.current().message("\(action) map '\(spec.name)'", error), errno: error.errno)
  }
}

/// A data section's element in this process's memory. One user at a time, from any thread: the memory is its own.
private struct MappedData: ~Copyable, @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private let byteCount: Int

  /// `nil` where the kernel does not map it.
  init?(descriptor: Int32, byteCount: Int) {
    var error: Int32 = 0
    guard let start = ebpf_map_memory(descriptor, byteCount, 0, 1, &error) else { return nil }
    self.start = start
    self.byteCount = byteCount
  }

  deinit { ebpf_unmap_memory(start, byteCount) }

  func read(_ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      if let target = buffer.baseAddress { copyVariable(from: start + range.lowerBound, to: target, byteCount: range.count) }
      count = range.count
    }
  }

  func write(_ bytes: [UInt8], at offset: Int) {
    bytes.withUnsafeBytes { if let source = $0.baseAddress { copyVariable(from: source, to: start + offset, byteCount: bytes.count) } }
  }
}
