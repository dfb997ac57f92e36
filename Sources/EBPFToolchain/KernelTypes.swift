internal import EBPFBTF
internal import EBPFObject

/// `vmlinux.h`: a kernel's types as a header, made from its BTF.
enum KernelTypes {
  /// Where a running kernel shows its types.
  static let running = "/sys/kernel/btf/vmlinux"

  /// The header, made or from the cache, in a folder that the compiler can search.
  ///
  /// In the cache its folder is named by the types' content. A header that another build of this program made is made again, so that a
  /// better printer is not kept from its users.
  static func prepare(_ choice: String?, in headers: inout HeaderFolder) throws(ToolchainError) -> String {
    let path = choice ?? Environment.value("EBPF_BTF") ?? running
    let types = try bytes(path)
    let folder = "\(headers.base)/types-\(hexadecimal(digest(types)))"
    let header = "\(folder)/vmlinux.h"
    let mark = "// Made by swift-ebpf (build \(build)) from \(types.count) bytes of BTF.\n"
    if FileSystem.head(header, count: mark.utf8.count).elementsEqual(mark.utf8) { return folder }
    let text: String
    do {
      text = try CDeclarations.header(BTF(bytes: types))
    } catch {
      throw ToolchainError(.noKernelTypes, "vmlinux.h cannot be made from \(path): \(error)")
    }
    do {
      try headers.write(mark + text, to: header)
    } catch {
      throw ToolchainError(.system, "\(header) cannot be written: \(error.words)")
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

  /// This program, so far as its files tell.
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
}
