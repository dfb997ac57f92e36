import EBPFHost
import EBPFObject

/// What this host puts into `.kconfig`: the settings of the kernel whose behaviour it follows, as far as they mean something here.
enum KernelSettings {
  /// `KERNEL_VERSION(6, 18, 0)`
  private static let version: UInt64 = 6 << 16 | 18 << 8

  /// The bytes of an object's `.kconfig` map.
  /// - Throws: ``HostError`` where a setting that the object cannot do without has no meaning here.
  static func bytes(_ map: MapSpec, _ object: ObjectSpec) throws(HostError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: map.valueSize)
    for extern in object.externs where extern.kind == .kconfig {
      let value: UInt64
      switch extern.name {
      case "LINUX_KERNEL_VERSION": value = version
      case "LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER": value = 0
      case "CONFIG_HZ": value = 250
      case _ where extern.isWeak: value = 0
      default:
        throw HostError(
          .unsupported,
          "the userspace host has no kernel setting '\(extern.name)'; declare it __weak where the program can do without, or use the kernel host"
        )
      }
      guard extern.offset >= 0, extern.size >= 0, extern.offset + extern.size <= bytes.count else { continue }
      for index in 0..<min(extern.size, 8) { bytes[extern.offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
    }
    return bytes
  }
}
