#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The few things that compiling, commands and tests need of files.
package enum FileSystem {
  /// The number of a failed call and its words.
  package struct Failure: Error {
    package let errno: Int32
    package var words: String { String(cString: strerror(errno)) }

    static var last: Failure {
      #if canImport(Glibc)
      Failure(errno: Glibc.errno)
      #elseif canImport(Musl)
      Failure(errno: Musl.errno)
      #else
      Failure(errno: Darwin.errno)
      #endif
    }
  }

  /// What a path is in the end, all symbolic links followed.
  static func resolved(_ path: String) -> String? {
    guard let buffer = realpath(path, nil) else { return nil }
    defer { free(buffer) }
    return String(cString: buffer)
  }

  static func isExecutable(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  package static func isFolder(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// The folder that relative paths start from.
  static var workingFolder: String { resolved(".") ?? "." }

  static func size(_ path: String) -> Int? { stamp(path)?.size }

  /// The first bytes of a file; none of one that cannot be read.
  static func head(_ path: String, count: Int) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in used = max(read(descriptor, buffer), 0) }
  }

  /// A file's size and time of its last change.
  static func stamp(_ path: String) -> (size: Int, changed: Int64)? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    #if canImport(Darwin)
    let time = information.st_mtimespec
    #else
    let time = information.st_mtim
    #endif
    return (Int(information.st_size), Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The bytes of a file, which may be one of `/sys`.
  package static func read(_ path: String) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .last }
    defer { close(descriptor) }
    return try read(descriptor: descriptor)
  }

  /// What is left of an open file, a pipe or a terminal, to its end.
  package static func read(descriptor: Int32) throws(Failure) -> [UInt8] {
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw .last }
    guard information.st_mode & S_IFMT != S_IFDIR else { throw Failure(errno: EISDIR) }
    var bytes: [UInt8] = []
    // One byte more than the file's size, so that its end shows without another buffer.
    var room = max(Int(information.st_size) + 1, 1 << 16)
    while true {
      var count = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, used in
        repeat { count = Self.read(descriptor, buffer) } while count < 0 && Failure.last.errno == EINTR
        used = max(count, 0)
      }
      guard count >= 0 else { throw .last }
      if count == 0 { return bytes }
      room = max(bytes.count, 1 << 16)
      if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
    }
  }

  private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    #if canImport(Glibc)
    Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #elseif canImport(Musl)
    Musl.read(descriptor, buffer.baseAddress, buffer.count)
    #else
    Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }

  /// Makes a folder and those above it, for this user alone.
  static func makeFolders(_ path: String) throws(Failure) {
    if mkdir(path, 0o700) == 0 || Failure.last.errno == EEXIST { return }
    guard Failure.last.errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw .last }
    try makeFolders(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || Failure.last.errno == EEXIST else { throw .last }
  }

  /// Makes a private folder with a name that nothing has yet.
  static func makeTemporaryFolder() throws(Failure) -> String {
    let folder = Environment.value("TMPDIR") ?? "/tmp"
    var template = Array("\(folder)/swift-ebpf-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw .last }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a file so that others see it whole or not at all.
  package static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(Failure) {
    let bytes = Array(bytes)
    var template = Array("\(path).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .last }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { writeSome(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...])) }
      if count < 0, Failure.last.errno == EINTR { continue }
      guard count > 0 else { break }
      written += count
    }
    let failure = Failure.last
    _ = fchmod(descriptor, 0o644)
    close(descriptor)
    if written == bytes.count, renameFile(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), path) == 0 {
      return
    }
    let reason = written == bytes.count ? Failure.last : failure
    unlink(template)
    throw reason
  }

  private static func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
    Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
    Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// A word that nobody else uses at this moment.
  static var uniqueWord: String { "\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))" }

  static func removeFile(_ path: String) { unlink(path) }

  /// Gives a file another name in the same folder; what had it goes.
  static func rename(_ path: String, to name: String) throws(Failure) {
    guard Self.renameFile(path, name) == 0 else { throw .last }
  }

  private static func renameFile(_ path: String, _ name: String) -> Int32 {
    #if canImport(Glibc)
    Glibc.rename(path, name)
    #elseif canImport(Musl)
    Musl.rename(path, name)
    #else
    Darwin.rename(path, name)
    #endif
  }

  /// The names of what is in a folder, hidden things left out; none of one that cannot be read.
  static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file or a folder with all that is in it, as far as that is allowed. Links are removed, not followed.
  static func removeTree(_ path: String) {
    var information = stat()
    guard lstat(path, &information) == 0 else { return }
    guard information.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in names(in: path) { removeTree("\(path)/\(name)") }
    rmdir(path)
  }
}
