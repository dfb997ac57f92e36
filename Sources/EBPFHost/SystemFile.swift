#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Files of `/proc` and `/sys`, in which a kernel says what it is.
package enum SystemFile {
  /// Why a file could not be read.
  package struct Failure: Error {
    package var errno: Int32
  }

  /// The bytes of a file; a file of `/proc` does not say how many it has.
  package static func read(_ path: String) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure(errno: errno) }
    var result: [UInt8] = []
    // One byte more than the size, so that the end shows without another buffer.
    var room = max(Int(status.st_size) + 1, 1 << 16)
    while true {
      var count = 0
      let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, used in
        repeat { count = receive(descriptor, buffer) } while count < 0 && errno == EINTR
        used = max(count, 0)
      }
      if count < 0 { throw Failure(errno: errno) }
      if count == 0 { return result }
      if result.isEmpty { result = piece } else { result += piece }
      room = max(result.count, 1 << 16)
    }
  }

  /// The text of a file; `nil` where it cannot be read.
  package static func text(_ path: String) -> String? { (try? read(path)).map { String(decoding: $0, as: UTF8.self) } }

  private static func receive(_ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    #if canImport(Glibc)
    Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #elseif canImport(Musl)
    Musl.read(descriptor, buffer.baseAddress, buffer.count)
    #else
    Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }
}
