/// A folder that holds this project's headers for the compiler to read.
///
/// The headers travel inside the binary. They are written once into the user's cache, `$XDG_CACHE_HOME/swift-ebpf` or
/// `~/.cache/swift-ebpf`, in a folder named by their content: versions live side by side, every process would write the same bytes,
/// and each file appears whole (written aside, then renamed). Where no cache can be written, a private temporary folder serves one
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
