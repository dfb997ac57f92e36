import EBPFJIT
import Foundation

/// Compiled code made executable, as little as it takes: what translation costs includes this.
final class MappedCode {
  private typealias Entry = @convention(c) (UInt64, UInt64, UnsafeMutableRawPointer?) -> UInt64
  private let memory: UnsafeMutableRawPointer
  private let count: Int
  private let entry: UnsafeMutableRawPointer

  /// - Throws: ``BenchmarkError`` for code that calls out, and where memory cannot become executable.
  init(_ code: CompiledCode) throws {
    guard code.relocations.isEmpty else { throw BenchmarkError("the code refers to what only a host has") }
    count = code.bytes.count
    guard let memory = mmap(nil, count, PROT_READ | PROT_WRITE, Self.mapping, -1, 0), memory != MAP_FAILED else {
      throw BenchmarkError("mmap failed")
    }
    code.bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    guard mprotect(memory, count, PROT_READ | PROT_EXEC) == 0 else { throw BenchmarkError("mprotect failed") }
    self.memory = memory
    entry = memory + code.entry
  }

  /// Runs the code so many times.
  /// - Returns: the last result, and nanoseconds a run.
  func run(_ r1: UInt64, _ r2: UInt64, count: Int) -> (result: UInt64, nanoseconds: Double) {
    let function = unsafeBitCast(entry, to: Entry.self)
    var result: UInt64 = 0
    let nanoseconds = timed(count) { result = function(r1, r2, nil) }
    return (result, nanoseconds)
  }

  deinit { munmap(memory, count) }

  /// As the runtime maps code.
  #if os(Linux)
  private static let mapping = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
  #else
  private static let mapping = MAP_PRIVATE | MAP_ANONYMOUS
  #endif
}

extension JIT {
  /// For the processor that this runs on, with all that `/proc/cpuinfo` says of it.
  static var forThisProcessor: JIT? {
    #if arch(x86_64)
    let flags =
      (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
      .split(separator: "\n").first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
    var features: X86_64Features = []
    if flags.contains("bmi2") { features.insert(.bmi2) }
    if flags.contains("movbe") { features.insert(.movbe) }
    return JIT(processor: .x86_64(features))
    #else
    return nil
    #endif
  }
}
