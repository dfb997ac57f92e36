/// Sources to the skeleton of their object: what `EBPFBuild` does for a package's plugin.
package struct SkeletonJob: Sendable {
  /// The name of the type that the skeleton declares.
  package var name: String
  /// The sources: Swift, or one of C.
  package var sources: [String]
  /// Of Swift: the module that the application imports for the types that both sides share.
  package var module: String?
  /// Whether the application is a test.
  package var isTestable = false
  package var options = CompileOptions()
  /// The folder that keeps what is made once; `nil`: the user's cache.
  package var cache: String?

  package init(name: String, sources: [String]) {
    self.name = name
    self.sources = sources
  }

  /// Compiles and writes the skeleton.
  /// - Returns: its text, and the compiler's warnings.
  /// - Throws: ``ToolchainError``, whose message has the compiler's lines.
  package func run() async throws(ToolchainError) -> (text: String, warnings: String) {
    guard let cache else { return try await make() }
    var overrides = Environment.overrides
    overrides["XDG_CACHE_HOME"] = cache
    let result: Result<(text: String, warnings: String), ToolchainError> = await Environment.$overrides.withValue(overrides) {
      do throws(ToolchainError) { return .success(try await make()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func make() async throws(ToolchainError) -> (text: String, warnings: String) {
    let compilation = try await Toolchain.compile(sources, options: options)
    let isSwift = sources.contains { $0.hasSuffix(".swift") }
    let texts = isSwift ? try SwiftSources(sources).files.map(\.bytes) : []
    do {
      var skeleton = try Skeleton(
        name: name, origin: sources.map { String($0.split(separator: "/").last ?? "") }.joined(separator: ", "), bytes: compilation.object,
        module: isSwift ? module : nil, isTestable: isTestable, globals: compilation.globals, sources: texts)
      return (skeleton.text(), compilation.warnings)
    } catch {
      throw ToolchainError(.compileFailed, "\(sources.joined(separator: ", ")): error: the object cannot be read: \(error)")
    }
  }
}
