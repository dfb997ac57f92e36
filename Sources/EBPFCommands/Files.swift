import EBPFToolchain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes all bytes to a descriptor; gives the errno of what failed, 0 without.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
  bytes.withUnsafeBytes { buffer in
    var done = 0
    while done < buffer.count {
      let count = write(descriptor, buffer.baseAddress! + done, buffer.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      done += count
    }
    return 0
  }
}

/// Files as commands read and write them. `-` is standard input or output.
package enum Files {
  /// The text that the system has for an errno.
  static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }

  /// The whole of a file.
  package static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
    do throws(FileSystem.Failure) {
      return path == "-" ? try FileSystem.read(descriptor: STDIN_FILENO) : try FileSystem.read(path)
    } catch { throw CommandFailure("\(path): \(error.words)") }
  }

  /// Whether a path is a folder.
  package static func isFolder(_ path: String) -> Bool { path != "-" && FileSystem.isFolder(path) }

  /// Puts bytes into a file in one step: whoever looks sees the old file or the whole new one, also when the command fails or is interrupted.
  package static func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
    if path == "-" {
      let failure = writeAll(STDOUT_FILENO, bytes)
      if failure != 0 { throw CommandFailure("standard output: \(reason(failure))") }
      return
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG {
      // A device or a pipe cannot be replaced.
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw CommandFailure("\(path): \(reason(errno))") }
      defer { close(descriptor) }
      let failure = writeAll(descriptor, bytes)
      if failure != 0 { throw CommandFailure("\(path): \(reason(failure))") }
      return
    }
    // A link stays one: what it points to is replaced.
    let target = exists ? realPath(path) ?? path : path
    var template = Array("\(target).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw CommandFailure("\(path): \(reason(errno))") }
    Unfinished.begin(template)
    var failure = writeAll(descriptor, bytes)
    if failure == 0 {
      let mask = umask(0)
      umask(mask)
      if fchmod(descriptor, exists ? status.st_mode & 0o7777 : 0o666 & ~mask) != 0 { failure = errno }
    }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0, rename(template, target) != 0 { failure = errno }
    if failure != 0 { unlink(template) }
    Unfinished.end()
    if failure != 0 { throw CommandFailure("\(path): \(reason(failure))") }
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// The file that is being written and has not yet got its name: removed when a signal ends the process.
private enum Unfinished {
  nonisolated(unsafe) static var path: UnsafeMutablePointer<CChar>?

  private static let handled: Void = {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let previous = signal(number) { number in
        if let path = Unfinished.path { unlink(path) }
        signal(number, SIG_DFL)
        raise(number)
      }
      // What the parent process ignores stays ignored.
      if unsafeBitCast(previous, to: Int.self) == 1 { signal(number, SIG_IGN) }
    }
  }()

  static func begin(_ template: [CChar]) {
    _ = handled
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: template.count)
    copy.initialize(from: template, count: template.count)
    path = copy
  }

  static func end() {
    let old = path
    path = nil
    old?.deallocate()
  }
}
