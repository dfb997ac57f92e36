internal import EBPFBTF
internal import EBPFObject

/// `vmlinux.h`: a kernel's types as a header, made from its BTF.
enum KernelTypes {
  /// Where a running kernel shows its types.
  static let running = "/sys/kernel/btf/vmlinux"

  /// The header, made or from the cache, in a folder that the compiler can search.
  ///
  /// In the cache its folder is named by the types' content.
  static func prepare(_ choice: String?, in cache: borrowing CacheFolder) throws(ToolchainError) -> String {
    let path = choice ?? Environment.value("EBPF_BTF") ?? running
    let types = try bytes(path)
    let folder = "\(cache.path)/types-\(CacheFolder.hexadecimal(CacheFolder.digest(types)))"
    try cache.keep("\(folder)/vmlinux.h", from: "\(types.count) bytes of BTF") { () throws(ToolchainError) in
      do {
        return try CDeclarations.header(BTF(bytes: types))
      } catch {
        throw ToolchainError(.noKernelTypes, "vmlinux.h cannot be made from \(path): \(error)")
      }
    }
    return folder
  }

  /// BTF, by itself or in an object's section `.BTF`.
  private static func bytes(_ path: String) throws(ToolchainError) -> [UInt8] {
    let file: [UInt8]
    do {
      file = try FileSystem.read(path)
    } catch {
      throw ToolchainError(
        .noKernelTypes,
        "the source includes vmlinux.h, and its types cannot be read: \(path): \(error.words); name a file of BTF (option kernelTypes, "
          + "or EBPF_BTF in the environment), or a folder with a vmlinux.h to include")
    }
    guard ELFFile.isELF(file) else { return file }
    do {
      let object = try ELFFile(bytes: file)
      guard let section = object.sections.first(where: { $0.name == ".BTF" }) else {
        throw ToolchainError(.noKernelTypes, "vmlinux.h cannot be made from \(path): the object has no section .BTF")
      }
      return Array(file[section.range])
    } catch let error as ObjectError {
      throw ToolchainError(.noKernelTypes, "vmlinux.h cannot be made from \(path): \(error)")
    } catch {
      throw error as! ToolchainError
    }
  }
}
