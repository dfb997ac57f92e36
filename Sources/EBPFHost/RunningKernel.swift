internal import EBPFBTF
public import EBPFObject

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension TargetTypes {
  /// Where a running kernel shows its types and its modules' (`Documentation/ABI/testing/sysfs-kernel-btf`).
  private static let folder = "/sys/kernel/btf"

  /// The types of the running kernel (`/sys/kernel/btf/vmlinux`) and, where they are asked for, of its modules. Read once.
  /// - Throws: ``HostError`` with ``HostError/Code/unsupported`` where the kernel does not show them.
  public static func runningKernel() throws(HostError) -> TargetTypes { try running.get() }

  private static let running: Result<TargetTypes, HostError> = Result { () throws(HostError) in
    let path = "\(folder)/vmlinux"
    let kernel: BTF
    let bytes: [UInt8]
    do throws(SystemFile.Failure) { bytes = try SystemFile.read(path) } catch {
      throw HostError(.unsupported, "\(path): \(String(cString: strerror(error.errno)))", errno: error.errno)
    }
    do { kernel = try BTF(bytes: bytes) } catch { throw HostError(.unsupported, "\(path): \(error)", underlying: error) }
    return TargetTypes(kernel) { modules(on: kernel) }
  }

  /// The types of the modules that are loaded now; those that cannot be read are left out.
  private static func modules(on kernel: BTF) -> [Source] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) { String(cString: $0) }
      }
      if !name.hasPrefix("."), name != "vmlinux" { names.append(name) }
    }
    return names.sorted().compactMap { name in
      guard let bytes = try? SystemFile.read("\(folder)/\(name)"), let btf = try? BTF(bytes: bytes, base: kernel) else { return nil }
      return Source(name: name, btf: btf)
    }
  }
}

extension ObjectSpec {
  /// The object with the CO-RE relocations of the chosen programs applied; itself where there are none left. Variables that were set to what
  /// does not fit them are refused.
  /// - Parameter types: what they are applied against; `nil`: the running kernel's types.
  package func relocated(against types: TargetTypes?, programs names: Set<String>?) throws(HostError) -> ObjectSpec {
    if let variable = variables.first(where: { $0.refusal != nil }), let refusal = variable.refusal {
      throw HostError(.badArgument, refusal)
    }
    guard needsTargetTypes(programs: names) else { return self }
    let target: TargetTypes
    if let types {
      target = types
    } else {
      do throws(HostError) { target = try TargetTypes.runningKernel() } catch {
        throw HostError(
          .unsupported,
          "programs have CO-RE relocations and there are no types to apply them against: \(error.message); name a file with a kernel's BTF "
            + "(LoadOptions.types; --btf FILE)",
          errno: error.errno)
      }
    }
    do throws(ObjectError) { return try relocated(against: target, programs: names) } catch {
      throw HostError(.relocation, error.message, underlying: error)
    }
  }
}
