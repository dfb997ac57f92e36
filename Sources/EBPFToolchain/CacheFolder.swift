/// The folder of what travels inside the binary and of what is made once on this machine.
///
/// It is in the user's cache, `$XDG_CACHE_HOME/swift-ebpf` or `~/.cache/swift-ebpf`. What is put there is named by its content: versions
/// live side by side, every process would write the same bytes, and each file appears whole (written aside, then renamed). Where no cache
/// can be written, a private temporary folder serves one compilation and is removed behind it.
struct CacheFolder: ~Copyable {
  let path: String
  /// Whether it goes away with this value.
  let isTemporary: Bool

  /// The cache's folder; `nil` where there is no home.
  static var cache: String? {
    if let cache = Environment.value("XDG_CACHE_HOME"), cache.hasPrefix("/") { return "\(cache)/swift-ebpf" }
    return Environment.value("HOME").flatMap { $0.hasPrefix("/") ? "\($0)/.cache/swift-ebpf" : nil }
  }

  /// Opens the user's cache or, where it cannot hold `files`, a temporary folder, and puts them there.
  /// - Parameters:
  ///   - folder: The folder's name below ``path``.
  ///   - files: What to find there, as paths below that folder and texts.
  static func holding(_ files: [(path: String, text: String)], in folder: String) throws(ToolchainError) -> CacheFolder {
    if let path = Self.cache {
      let cache = CacheFolder(path: path, isTemporary: false)
      if (try? cache.fill(folder, with: files)) != nil { return cache }
    }
    do {
      let cache = CacheFolder(path: try FileSystem.makeTemporaryFolder(), isTemporary: true)
      try cache.fill(folder, with: files)
      return cache
    } catch {
      throw ToolchainError(
        .system,
        "what the compiler needs cannot be written: \(error.words); set XDG_CACHE_HOME or TMPDIR to a folder that can be written")
    }
  }

  private init(path: String, isTemporary: Bool) {
    self.path = path
    self.isTemporary = isTemporary
  }

  private func fill(_ folder: String, with files: [(path: String, text: String)]) throws(FileSystem.Failure) {
    for file in files {
      let path = "\(path)/\(folder)/\(file.path)"
      // One of the right size is taken as it is.
      if !isTemporary, FileSystem.size(path) == file.text.utf8.count { continue }
      try Self.write(file.text, to: path)
    }
  }

  private static func write(_ text: String, to path: String) throws(FileSystem.Failure) {
    try FileSystem.makeFolders(String(path[..<path.lastIndex(of: "/")!]))
    try FileSystem.write(text.utf8, to: path)
  }

  /// Writes a header that is made of something on this machine, unless this build of this program made it before.
  ///
  /// What another build made is made again, so that a better maker is not kept from its users.
  func keep(_ path: String, from source: String, _ text: () throws(ToolchainError) -> String) throws(ToolchainError) {
    let mark = "// Made by swift-ebpf (build \(Self.build)) from \(source).\n"
    if FileSystem.head(path, count: mark.utf8.count).elementsEqual(mark.utf8) { return }
    let text = mark + (try text())
    do {
      try Self.write(text, to: path)
    } catch {
      throw ToolchainError(.system, "\(path) cannot be written: \(error.words)")
    }
  }

  /// This program, so far as its file tells.
  static let build: String = {
    guard let stamp = FileSystem.stamp("/proc/self/exe") else { return EmbeddedHeaders.digest }
    return hexadecimal(UInt64(truncatingIfNeeded: stamp.size) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: stamp.changed))
  }()

  /// A number that tells contents apart; nobody gains by two that agree.
  static func digest(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { bytes in
      var sum = UInt64(bytes.count) &* 0x9e37_79b9_7f4a_7c15
      func add(_ word: UInt64) {
        sum = (sum ^ word) &* 0x9fb2_1c65_1e98_df25
        sum ^= sum >> 35
      }
      let words = bytes.count / 8
      for index in 0..<words { add(bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
      var rest: UInt64 = 0
      for index in words * 8..<bytes.count { rest = rest << 8 | UInt64(bytes[index]) }
      add(rest)
      return sum
    }
  }

  static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  deinit {
    if isTemporary { FileSystem.removeTree(path) }
  }
}
