public import EBPFCapture
import EBPFHost
public import EBPFObject
public import EBPFToolchain

// The pure parts read bytes; these read files.

extension ObjectSpec {
  /// Reads an eBPF object file.
  /// - Throws: ``HostError`` where the file cannot be read, `ObjectError` where it is no object.
  public init(contentsOf path: String) throws {
    try self.init(bytes: contents(path), name: path)
  }
}

extension Capture {
  /// Reads a capture file, pcap or pcapng.
  /// - Throws: ``HostError`` where the file cannot be read, `CaptureError` where it is no capture or is cut in the middle.
  public init(contentsOf path: String) throws {
    try self.init(bytes: contents(path))
  }
}

extension Toolchain {
  /// Compiles a source, Swift or C, or a folder of Swift sources, and reads the object.
  /// - Throws: ``ToolchainError`` where it does not compile, `ObjectError` where the object cannot be read.
  public func compile(_ path: String, options: CompileOptions = CompileOptions()) async throws -> ObjectSpec {
    try ObjectSpec(bytes: await Toolchain.compile([path], options: options).object, name: path)
  }
}

private func contents(_ path: String) throws(HostError) -> [UInt8] {
  do throws(FileSystem.Failure) { return try FileSystem.read(path) } catch {
    throw HostError(.badArgument, "\(path): \(error.words)", errno: error.errno)
  }
}
