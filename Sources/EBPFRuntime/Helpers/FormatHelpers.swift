import CEBPF
import EBPFTables

extension HelperTable {
  /// Formatted text: to the trace and to memory (`kernel/trace/bpf_trace.c`, `kernel/bpf/helpers.c`).
  static var formatHelpers: [Entry] {
    [
      Entry(.tracePrintk) { format, size, first, second, third, environment in
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 3) { arguments in
          arguments.initializeElement(at: 0, to: first)
          arguments.initializeElement(at: 1, to: second)
          arguments.initializeElement(at: 2, to: third)
          return trace(pointer(format), count32(size), UnsafeRawPointer(arguments.baseAddress.unsafelyUnwrapped), 3, environment)
        }
      },
      Entry(.traceVprintk) { format, size, arguments, byteCount, _, environment in
        guard let count = TextFormat.argumentCount(arguments, byteCount) else { return .error(.einval) }
        return trace(pointer(format), count32(size), UnsafeRawPointer(bitPattern: UInt(arguments)), count, environment)
      },
      Entry(.snprintf) { output, size, format, arguments, byteCount, _ in
        guard let count = TextFormat.argumentCount(arguments, byteCount) else { return .error(.einval) }
        let output = UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: UInt(output)), count: count32(size))
        let result = TextFormat.print(
          pointer(format), limit: Int(UInt32.max), UnsafeRawPointer(bitPattern: UInt(arguments)), count, into: output)
        // The final zero counts here, other than for the trace.
        return UInt64(bitPattern: result < 0 ? result : result + 1)
      },
    ]
  }
}

/// Formats a line and hands it to the trace of the program's instance.
private func trace(
  _ format: UnsafeRawPointer, _ size: Int, _ arguments: UnsafeRawPointer?, _ count: Int, _ environment: Environment
) -> UInt64 {
  withUnsafeTemporaryAllocation(byteCount: TextFormat.lineSize, alignment: 1) { line in
    let result = TextFormat.print(format, limit: size, arguments, count, into: line)
    guard result >= 0, let instance = runState(environment).pointee.instance else { return UInt64(bitPattern: result) }
    Unmanaged<Instance>.fromOpaque(instance)._withUnsafeGuaranteedRef { instance in
      guard let receive = instance.trace else { return }
      var text = UnsafeRawBufferPointer(rebasing: line[..<min(Int(result), line.count - 1)])
      // The receiver gets lines: the newline that ends one is not part of it.
      if text.last == UInt8(ascii: "\n") { text = UnsafeRawBufferPointer(rebasing: text.dropLast()) }
      receive(String(decoding: text, as: UTF8.self))
    }
    return UInt64(bitPattern: result)
  }
}
