public import EBPFBTF

/// The types that CO-RE relocations are applied against: a kernel's, and those of its modules.
public struct TargetTypes: Sendable {
  /// Types and what they are called in messages: `vmlinux`, a module's name, a file's.
  public struct Source: Sendable {
    /// The name, and the types.
    public var name: String
    public var btf: BTF

    public init(name: String, btf: BTF) {
      self.name = name
      self.btf = btf
    }
  }

  /// The kernel's own types.
  public let kernel: Source
  /// The modules' types, each a split BTF on the kernel's. Asked for only where a type is not among the kernel's own.
  let modules: @Sendable () -> [Source]

  /// Types in memory.
  /// - Parameter modules: gives the modules' types, each continuing `kernel`.
  public init(_ kernel: BTF, name: String = "vmlinux", modules: @escaping @Sendable () -> [Source] = { [] }) {
    self.kernel = Source(name: name, btf: kernel)
    self.modules = modules
  }

  /// The types in a file: BTF by itself (`/sys/kernel/btf/vmlinux`), or in the section `.BTF` of an ELF object.
  public init(bytes: [UInt8], name: String) throws(ObjectError) {
    var blob = bytes
    if ELFFile.isELF(bytes) {
      let object = try ELFFile(bytes: bytes)
      guard let section = object.sections.first(where: { $0.name == ".BTF" }) else {
        throw ObjectError(.badBTF, "the object has no section .BTF", object: name)
      }
      blob = Array(bytes[section.range])
    }
    do {
      self.init(try BTF(bytes: blob), name: name)
    } catch {
      throw ObjectError(.badBTF, error.message, section: ELFFile.isELF(bytes) ? ".BTF" : nil, offset: error.offset, object: name)
    }
  }
}
