import Dispatch
internal import EBPFBTF
internal import EBPFObject
public import EBPFTables

/// Records that programs write for the application (`BPF_MAP_TYPE_RINGBUF`).
/// ```swift
/// for try await event in try loaded.map("events", as: RingBuffer<OpenEvent>.self).events { print(event.pid) }
/// ```
public struct RingBuffer<Record: BitwiseCopyable>: TypedMap {
  public static var types: Set<MapType> { [.ringbuf] }
  /// The map as bytes.
  public let map: Map
  private let loaded: Loaded

  public init(_ map: Map, of loaded: Loaded) throws(HostError) {
    try Self.checkType(of: map)
    self.map = map
    self.loaded = loaded
    // Nearly no ring buffer says what it holds; where one does, that is checked.
    if map.spec.valueTypeID != 0, let btf = loaded.object.btf, let size = btf.size(of: map.spec.valueTypeID) {
      _ = try RecordCodec(Record.self, of: map.spec, "record", byteCount: size, typeID: map.spec.valueTypeID, in: btf)
    }
  }

  /// The records that are there, taken out.
  /// - Throws: ``HostError`` with ``HostError/Code/badArgument`` where one is shorter than the type; what follows it is then lost.
  public func records() throws(HostError) -> [Record] {
    var records: [Record] = []
    try take(into: &records)
    return records
  }

  /// The records as they come, taken out: until the task is cancelled or what was loaded is closed.
  ///
  /// Several loops share the records. What comes faster than it is taken stays in the buffer, and programs find that full.
  public var events: Events { Events(buffer: self) }

  fileprivate func take(into records: inout [Record]) throws(HostError) {
    var shortest = Int.max
    _ = try map.drain { bytes in
      if bytes.count >= MemoryLayout<Record>.size {
        records.append(bytes.loadUnaligned(as: Record.self))
      } else {
        shortest = min(shortest, bytes.count)
      }
    }
    guard shortest == .max else {
      throw HostError(
        .badArgument, "map '\(map.spec.name)': a record has \(shortest) bytes; \(Record.self) has \(MemoryLayout<Record>.size)")
    }
  }

  /// Records as they come. Where one cannot be read, or waiting fails, the loop throws ``HostError``.
  public struct Events: AsyncSequence, Sendable {
    public typealias Element = Record
    public typealias Failure = HostError
    fileprivate let buffer: RingBuffer<Record>

    public func makeAsyncIterator() -> Iterator { Iterator(buffer: buffer) }

    public struct Iterator: AsyncIteratorProtocol {
      public typealias Element = Record
      public typealias Failure = HostError
      private let buffer: RingBuffer<Record>
      /// Those taken out and not given yet, the first one last.
      private var waiting: [Record] = []

      fileprivate init(buffer: RingBuffer<Record>) { self.buffer = buffer }

      public mutating func next() async throws(HostError) -> Record? { try await next(isolation: nil) }

      public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(HostError) -> Record? {
        while waiting.isEmpty {
          if Task.isCancelled { return nil }
          do throws(HostError) {
            try buffer.take(into: &waiting)
            if waiting.isEmpty { try await wait(isolation: actor) }
          } catch {
            if error.code == .closed { return nil }
            throw error
          }
          waiting.reverse()
        }
        return waiting.popLast()
      }

      /// Waits where that keeps no task from running. It looks again now and then: a writer may ask for no wake-up, a task is cancelled.
      private func wait(isolation actor: isolated (any Actor)?) async throws(HostError) {
        let map = buffer.map
        let result: Result<Bool, HostError> = await withCheckedContinuation(isolation: actor) { continuation in
          DispatchQueue.global().async {
            continuation.resume(returning: Result { () throws(HostError) in try map.wait(for: .milliseconds(50)) })
          }
        }
        _ = try result.get()
      }
    }
  }
}
