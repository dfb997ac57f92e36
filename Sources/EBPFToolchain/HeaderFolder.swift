/// A folder that holds this project's headers for the compiler to read.
///
/// The headers travel inside the binary. They are written once into the user's cache, `$XDG_CACHE_HOME/swift-ebpf` or
/// `~/.cache/swift-ebpf`, in a folder named by their content: versions live side by side, every process would write the same bytes,
/// and each file appears whole (written aside, then renamed). Headers that are made on this machine lie beside it (``keep(_:from:_:)``).
/// Where no cache can be written, a private temporary folder serves one
/// compilation and is removed behind it.
struct HeaderFolder: ~Copyable {
  /// The folder that holds all that is made: the cache's or a temporary one.
  let base: String
  /// Whether it goes away with this value.
  let isTemporary: Bool
  /// What to remove.
  private var files: [String] = []

  /// The folder to search for `bpf/bpf_helpers.h`.
  var path: String { "\(base)/headers-\(EmbeddedHeaders.digest)" }

  /// The cache's folder; `nil` where there is no home.
  static var cache: String? {
    if let cache = Environment.value("XDG_CACHE_HOME"), cache.hasPrefix("/") { return "\(cache)/swift-ebpf" }
    return Environment.value("HOME").flatMap { $0.hasPrefix("/") ? "\($0)/.cache/swift-ebpf" : nil }
  }

  private init(base: String, isTemporary: Bool) {
    self.base = base
    self.isTemporary = isTemporary
  }

  /// A folder with all headers in it.
  static func filled() throws(ToolchainError) -> HeaderFolder {
    if let cache {
      var folder = HeaderFolder(base: cache, isTemporary: false)
      if (try? folder.fill()) != nil { return folder }
    }
    do {
      var folder = HeaderFolder(base: try FileSystem.makeTemporaryFolder(), isTemporary: true)
      try folder.fill()
      return folder
    } catch {
      throw ToolchainError(
        .system,
        "the headers of C programs cannot be written: \(error.words); set XDG_CACHE_HOME or TMPDIR to a folder that can be written")
    }
  }

  private mutating func fill() throws(FileSystem.Failure) {
    for file in EmbeddedHeaders.files {
      let path = "\(path)/\(file.path)"
      // One of the right size is taken as it is.
      if !isTemporary, FileSystem.size(path) == file.text.utf8.count { continue }
      try write(file.text, to: path)
    }
  }

  /// Writes a file below ``base``.
  mutating func write(_ text: String, to path: String) throws(FileSystem.Failure) {
    let folder = String(path[..<path.lastIndex(of: "/")!])
    try FileSystem.makeFolders(folder)
    if isTemporary { files.append(path) }
    try FileSystem.write(text.utf8, to: path)
  }

  /// Writes a header that is made of something on this machine, unless this build of this program made it before.
  ///
  /// What another build made is made again, so that a better maker is not kept from its users.
  mutating func keep(_ path: String, from source: String, _ text: () throws(ToolchainError) -> String) throws(ToolchainError) {
    let mark = "// Made by swift-ebpf (build \(Self.build)) from \(source).\n"
    if FileSystem.head(path, count: mark.utf8.count).elementsEqual(mark.utf8) { return }
    let text = mark + (try text())
    do {
      try write(text, to: path)
    } catch {
      throw ToolchainError(.system, "\(path) cannot be written: \(error.words)")
    }
  }

  /// This program, so far as its file tells.
  private static let build: String = {
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
    guard isTemporary else { return }
    var folders: Set<String> = [base]
    for file in files {
      FileSystem.removeFile(file)
      var folder = file[...]
      while let slash = folder.lastIndex(of: "/"), folder[..<slash] != base {
        folder = folder[..<slash]
        folders.insert(String(folder))
      }
    }
    for folder in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) { FileSystem.removeFolder(folder) }
  }
}
