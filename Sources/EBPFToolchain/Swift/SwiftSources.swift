/// The sources of one program module: files, and folders that stand for the Swift sources in them.
struct SwiftSources {
  let files: [(path: String, bytes: [UInt8])]

  /// Reads them.
  /// - Throws: ``ToolchainError/Code/unreadable``, also for a folder without sources.
  init(_ paths: [String]) throws(ToolchainError) {
    var files: [(path: String, bytes: [UInt8])] = []
    for path in paths {
      if FileSystem.isFolder(path) {
        let names = FileSystem.names(in: path).filter { $0.hasSuffix(".swift") }
        guard !names.isEmpty else { throw ToolchainError(.unreadable, "\(path): there is no Swift source (.swift) in this folder") }
        for name in names { files.append(try Self.read(path.hasSuffix("/") ? path + name : "\(path)/\(name)")) }
      } else {
        files.append(try Self.read(path))
      }
    }
    guard !files.isEmpty else { throw ToolchainError(.unreadable, "there is nothing to compile") }
    self.files = files
  }

  private static func read(_ path: String) throws(ToolchainError) -> (path: String, bytes: [UInt8]) {
    do {
      return (path, try FileSystem.read(path))
    } catch {
      throw ToolchainError(.unreadable, "\(path): \(error.words)")
    }
  }
}
