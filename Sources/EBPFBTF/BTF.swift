/// BPF Type Format: the types of an object, a module or the kernel, read lazily from their bytes (`Documentation/bpf/btf.rst`).
public struct BTF: Sendable {
  /// A type's number; 0 is `void`.
  public typealias TypeID = UInt32

  /// The blob as it stands in `.BTF` or `/sys/kernel/btf/vmlinux`, in its own byte order.
  public let bytes: [UInt8]

  /// Takes a blob over as it is.
  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }
}
