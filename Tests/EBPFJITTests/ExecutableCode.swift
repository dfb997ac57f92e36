import EBPFJIT

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Compiled code mapped into this process: what a host does, as little of it as a test needs.
final class ExecutableCode {
  typealias Helper = @convention(c) (UInt64, UInt64, UInt64, UInt64, UInt64, UnsafeMutableRawPointer?) -> UInt64
  private typealias Entry = @convention(c) (UInt64, UInt64, UnsafeMutableRawPointer?) -> UInt64

  private let memory: UnsafeMutableRawPointer
  private let size: Int
  private let entry: Entry
  let code: CompiledCode

  /// - Parameter address: what each relocation receives.
  init(_ code: CompiledCode, address: (CompiledCode.Target) -> UInt64 = { _ in 0 }) {
    self.code = code
    size = (code.bytes.count + 4095) & ~4095
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(memory != MAP_FAILED, "no memory for the code")
    self.memory = memory
    code.bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    for relocation in code.relocations {
      memory.storeBytes(of: address(relocation.target), toByteOffset: relocation.offset, as: UInt64.self)
    }
    precondition(mprotect(memory, size, PROT_READ | PROT_EXEC) == 0, "the code cannot be made executable")
    entry = unsafeBitCast(memory + code.entry, to: Entry.self)
  }

  deinit { munmap(memory, size) }

  /// The address of a byte of the code.
  func address(_ offset: Int) -> UInt64 { UInt64(UInt(bitPattern: memory + offset)) }

  func run(_ r1: UInt64 = 0, _ r2: UInt64 = 0, environment: UnsafeMutableRawPointer? = nil) -> UInt64 {
    entry(r1, r2, environment)
  }

  /// Runs with r1 = the start of the words, r2 = their size in bytes.
  func run(over words: inout [UInt64], environment: UnsafeMutableRawPointer? = nil) -> UInt64 {
    words.withUnsafeMutableBytes { run(UInt64(UInt(bitPattern: $0.baseAddress)), UInt64($0.count), environment: environment) }
  }

  /// The address of a helper.
  static func address(of helper: Helper) -> UInt64 { UInt64(UInt(bitPattern: unsafeBitCast(helper, to: UnsafeRawPointer.self))) }
}

/// The processors that this machine can test: the plain one, and the one with what this machine has beyond it.
let testedJITs: [JIT] = {
  var features: X86_64Features = []
  if let file = fopen("/proc/cpuinfo", "r") {
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 8192)
    while fgets(&line, Int32(line.count), file) != nil {
      let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split { $0 == " " || $0 == "\n" }
      guard words.first?.hasPrefix("flags") == true else { continue }
      if words.contains("bmi2") { features.insert(.bmi2) }
      if words.contains("movbe") { features.insert(.movbe) }
      break
    }
  }
  return features.isEmpty ? [JIT(processor: .x86_64([]))] : [JIT(processor: .x86_64([])), JIT(processor: .x86_64(features))]
}()

#if arch(x86_64)
let runsCompiledCode = true
#else
let runsCompiledCode = false
#endif
