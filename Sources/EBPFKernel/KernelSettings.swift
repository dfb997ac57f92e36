internal import EBPFBTF
internal import EBPFHost
internal import EBPFObject

/// What an object asks of the kernel's configuration: the bytes of its `.kconfig` section.
///
/// `CONFIG_*` values come from `/boot/config-RELEASE`; `LINUX_*` from the kernel itself (libbpf's virtual settings).
struct KernelSettings {
  private let object: ObjectSpec
  /// `CONFIG_NAME` to the text behind its `=`.
  private let configuration: [Substring: Substring]

  init(_ object: ObjectSpec) {
    self.object = object
    let release = SystemFile.text("/proc/sys/kernel/osrelease")?.prefix { !$0.isWhitespace } ?? ""
    configuration = Self.parse(SystemFile.text("/boot/config-\(release)") ?? "")
  }

  /// The section's bytes; settings that are not set and may be missing (`__weak`) are zero.
  func bytes(_ map: MapSpec) throws(HostError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: map.valueSize)
    for symbol in object.externs where symbol.kind == .kconfig {
      guard symbol.offset >= 0, symbol.size >= 0, symbol.offset <= result.count, symbol.size <= result.count - symbol.offset else {
        throw HostError(.badArgument, "setting '\(symbol.name)' does not lie within its section '\(map.name)'")
      }
      guard let value = value(of: symbol) else {
        if symbol.isWeak { continue }
        throw HostError(
          .notFound,
          "the object asks for the kernel's setting '\(symbol.name)', which /boot/config-RELEASE does not have; declare it __weak")
      }
      for (index, byte) in value.prefix(symbol.size).enumerated() { result[symbol.offset + index] = byte }
    }
    return result
  }

  /// A setting's value in as many bytes as it has.
  private func value(of symbol: ExternSpec) -> [UInt8]? {
    func number(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(symbol.size)) } }
    switch symbol.name {
    case "LINUX_KERNEL_VERSION": return Self.version(SystemFile.text("/proc/sys/kernel/osrelease") ?? "").map { number(UInt64($0)) }
    case "LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER": return number(1)
    default: break
    }
    guard let text = configuration[Substring(symbol.name)] else { return nil }
    switch text {
    // A tristate counts 0, 1, 2 (TRI_NO, TRI_YES, TRI_MODULE), a bool 0 and 1, a character is itself.
    case "y": return isCharacter(symbol) ? [UInt8(ascii: "y")] : number(1)
    case "m": return isCharacter(symbol) ? [UInt8(ascii: "m")] : number(2)
    case "n": return isCharacter(symbol) ? [UInt8(ascii: "n")] : number(0)
    default: break
    }
    if text.hasPrefix("\"") { return Array(text.dropFirst().dropLast().utf8.prefix(max(0, symbol.size - 1))) }
    if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16).map(number) }
    return Int64(text).map { number(UInt64(bitPattern: $0)) } ?? UInt64(text).map(number)
  }

  private func isCharacter(_ symbol: ExternSpec) -> Bool {
    symbol.size == 1 && object.btf?.resolve(symbol.typeID)?.integer?.isBoolean == false
  }

  static func parse(_ text: String) -> [Substring: Substring] {
    var result: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("CONFIG_") {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { result[parts[0]] = parts[1] }
    }
    return result
  }

  /// `KERNEL_VERSION(a, b, c)` of a release such as `6.18.44-generic`.
  static func version(_ release: String) -> UInt32? {
    let numbers = release.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { UInt32($0) }
    guard numbers.count >= 2 else { return nil }
    return numbers[0] << 16 &+ numbers[1] << 8 &+ min(255, numbers.count > 2 ? numbers[2] : 0)
  }
}
