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
    let path = path(choice)
    let types = try bytes(path, "vmlinux.h", "or a folder with a vmlinux.h to include")
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

  /// The file that is read: the choice, `EBPF_BTF` of the environment, or the running kernel's types.
  static func path(_ choice: String?) -> String { choice ?? Environment.value("EBPF_BTF") ?? running }

  /// The types that the module `Kernel` is made of.
  static func types(_ choice: String?) throws(ToolchainError) -> BTF {
    let path = path(choice)
    let types = try bytes(path, "the module Kernel", "as another machine's /sys/kernel/btf/vmlinux")
    do {
      return try BTF(bytes: types)
    } catch {
      throw ToolchainError(.noKernelTypes, "the module Kernel cannot be made from \(path): \(error)")
    }
  }

  /// BTF, by itself or in an object's section `.BTF`.
  /// - Parameters:
  ///   - user: What the source asks for.
  ///   - otherwise: The rest of the way out where there is none.
  private static func bytes(_ path: String, _ user: String, _ otherwise: String) throws(ToolchainError) -> [UInt8] {
    let file: [UInt8]
    do {
      file = try FileSystem.read(path)
    } catch {
      throw ToolchainError(
        .noKernelTypes,
        "the source asks for \(user), and its types cannot be read: \(path): \(error.words); name a file of BTF (--btf FILE, "
          + "CompileOptions.kernelTypes, or EBPF_BTF in the environment), \(otherwise)")
    }
    guard ELFFile.isELF(file) else { return file }
    do {
      let object = try ELFFile(bytes: file)
      guard let section = object.sections.first(where: { $0.name == ".BTF" }) else {
        throw ToolchainError(.noKernelTypes, "\(user) cannot be made from \(path): the object has no section .BTF")
      }
      return Array(file[section.range])
    } catch let error as ObjectError {
      throw ToolchainError(.noKernelTypes, "\(user) cannot be made from \(path): \(error)")
    } catch {
      throw error as! ToolchainError
    }
  }
}
