internal import EBPFBTF

/// A compilation in the cache, found by all that went into it.
///
/// The file holds the whole of that (sources, options, compiler, this program's build) in front of the result, and is taken only where it
/// is the same byte for byte: a chance agreement of two digests gives nobody another's object.
struct KeptCompilation {
  private let path: String
  private let folder: String
  private let key: [UInt8]

  /// How many are kept; the oldest go first.
  private static let limit = 256

  /// - Returns: `nil` where something that is not in the sources has a say: headers and modules of the user's, more arguments.
  init?(
    of sources: SwiftSources, _ kernel: KernelModule?, options: CompileOptions, by compiler: SwiftCompiler, in cache: borrowing CacheFolder
  ) {
    guard !cache.isTemporary, options.includes.isEmpty, options.arguments.isEmpty else { return nil }
    var key = Array("swift-ebpf \(CacheFolder.build) \(compiler.path) \(compiler.identity) \(FileSystem.workingFolder)\n".utf8)
    key += Array("\(options.output) \(options.traps) \(options.cpu) \(options.defines) \(options.colors)\n".utf8)
    for file in sources.files { key += Array("\(file.path) \(file.bytes.count)\n".utf8) + file.bytes }
    // What the lowering takes of the kernel's types stands nowhere else: their whole content counts.
    if let kernel { key += Array("\(CacheFolder.digest(kernel.references.btf.bytes)) \(kernel.text)".utf8) }
    self.key = key
    folder = "\(cache.path)/objects"
    path = "\(folder)/\(CacheFolder.hexadecimal(CacheFolder.digest(key)))"
  }

  /// What was kept; `nil` where nothing was, or something else.
  func read() -> Compilation? {
    guard let bytes = try? FileSystem.read(path), bytes.count >= key.count + 24, bytes.starts(with: key) else { return nil }
    let sizes = (0..<3).map { index in
      (0..<8).reduce(0) { $0 | Int(bytes[key.count + index * 8 + $1]) << ($1 * 8) }
    }
    let object = key.count + 24
    guard sizes.allSatisfy({ $0 >= 0 && $0 <= bytes.count }), bytes.count == object + sizes[0] + sizes[1] + sizes[2] else { return nil }
    let warnings = object + sizes[0]
    let globals = warnings + sizes[1]
    var compilation = Compilation(
      object: Array(bytes[object..<warnings]), warnings: String(decoding: bytes[warnings..<globals], as: UTF8.self))
    compilation.globals = String(decoding: bytes[globals...], as: UTF8.self).split(separator: "\n").map(String.init)
    return compilation
  }

  /// Keeps a result. That it cannot be kept is no failure.
  func write(_ compilation: Compilation) {
    var bytes = key
    let parts = [compilation.object, Array(compilation.warnings.utf8), Array(compilation.globals.joined(separator: "\n").utf8)]
    for part in parts {
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: part.count >> (shift * 8))) }
    }
    for part in parts { bytes += part }
    guard (try? FileSystem.makeFolders(folder)) != nil, (try? FileSystem.write(bytes, to: path)) != nil else { return }
    let names = FileSystem.names(in: folder)
    guard names.count > Self.limit else { return }
    let byAge = names.map { (name: $0, changed: FileSystem.stamp("\(folder)/\($0)")?.changed ?? 0) }.sorted { $0.changed < $1.changed }
    for old in byAge.prefix(names.count - Self.limit) { FileSystem.removeFile("\(folder)/\(old.name)") }
  }
}
