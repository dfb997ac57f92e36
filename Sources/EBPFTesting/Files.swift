import EBPFHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

enum Files {
  /// The bytes of a file.
  static func read(_ path: String) throws(HostError) -> [UInt8] {
    guard let file = fopen(path, "re") else {
      throw HostError(.notFound, "\(path): \(String(cString: strerror(errno)))", errno: errno)
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while true {
      let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in count = fread(buffer.baseAddress, 1, buffer.count, file)
      }
      if chunk.isEmpty { return bytes }
      bytes += chunk
    }
  }
}
