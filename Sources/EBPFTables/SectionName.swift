/// What an ELF section's name says of the programs in it, by libbpf's rules.
///
/// A definition matches a section name
/// - exactly, where its pattern is plain: `xdp`, `cgroup/bind4`;
/// - exactly or followed by `/` and a target, where it ends in `+`: `kprobe+` matches `kprobe` and `kprobe/do_unlinkat`.
///
/// The first match in the table's order counts. A `?` before the name says that a loader leaves the program out unless told otherwise.
public struct SectionName: Sendable, Hashable {
  /// The definition that matched, as libbpf writes it: `kprobe+`.
  public let pattern: String
  /// The program type that it means.
  public let type: ProgramType
  /// The expected attach type that it means; `nil`: none is set.
  public let expectedAttachType: AttachType?
  /// The rest of what it means.
  public let flags: Flags
  /// The name's text after its first `/` where the pattern takes a target: `syscalls/sys_enter_open`; else empty.
  public let attachTarget: String
  /// Whether a loader loads the program unless told otherwise: no `?` stands before the name.
  public let isAutoloaded: Bool

  /// Properties of a section's definition (libbpf's `enum sec_def_flags`).
  public struct Flags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Kernels that do not know the expected attach type are given none.
    public static let expectedAttachTypeIsOptional = Flags(rawValue: 1)
    /// The program can be attached by `BPF_PROG_ATTACH` with its expected attach type.
    public static let attachable = Flags(rawValue: 2)
    /// The target is named by a BTF ID at load.
    public static let attachesToBTF = Flags(rawValue: 4)
    /// The program may sleep.
    public static let sleepable = Flags(rawValue: 8)
    /// An XDP program that copes with packets in several buffers.
    public static let xdpFragments = Flags(rawValue: 16)
    /// A statically defined tracepoint in user space.
    public static let usdt = Flags(rawValue: 32)
  }

  /// Flags for `BPF_PROG_LOAD` that the name implies: `BPF_F_SLEEPABLE`, `BPF_F_XDP_HAS_FRAGS`.
  public var loadFlags: UInt32 {
    (flags.contains(.sleepable) ? 1 << 4 : 0) | (type == .xdp && flags.contains(.xdpFragments) ? 1 << 5 : 0)
  }

  /// What a section's name means; `nil` where libbpf knows no such section.
  public init?(_ section: String) {
    let (name, isAutoloaded) = Self.withoutMark(section)
    guard let index = SectionTable.patterns.firstIndex(where: { Self.matches(name, pattern: $0.utf8) }) else { return nil }
    self.init(index: index, name: name, isAutoloaded: isAutoloaded)
  }

  /// What a section's name means where libbpf is not asked to be strict: as ``init(_:)``, and else by the longest pattern that the name
  /// begins with, as libbpf did before version 1.0. Objects of that age say `xdp_prog`, `classifier/from-netdev`, `socket1`.
  public init?(lenient section: String) {
    if let strict = SectionName(section) {
      self = strict
      return
    }
    let (name, isAutoloaded) = Self.withoutMark(section)
    var best: (index: Int, length: Int)?
    for (index, pattern) in SectionTable.patterns.enumerated() {
      let plain = Self.plain(pattern.utf8)
      if name.utf8.starts(with: plain), plain.count > best?.length ?? 0 { best = (index, plain.count) }
    }
    guard let best else { return nil }
    self.init(index: best.index, name: name, isAutoloaded: isAutoloaded)
  }

  /// Every definition's pattern in the order in which they are tried.
  public static var patterns: [String] { SectionTable.patterns }

  private init(index: Int, name: Substring, isAutoloaded: Bool) {
    let word = SectionTable.words[index]
    pattern = SectionTable.patterns[index]
    type = ProgramType(rawValue: word & 0xff)
    let attach = word >> 8 & 0xff
    expectedAttachType = attach == 0 ? nil : AttachType(rawValue: attach - 1)
    flags = Flags(rawValue: UInt8(truncatingIfNeeded: word >> 16))
    let takesTarget = pattern.utf8.last == UInt8(ascii: "+")
    attachTarget = takesTarget ? name.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(name[name.utf8.index(after: $0)...]) } ?? "" : ""
    self.isAutoloaded = isAutoloaded
  }

  private static func withoutMark(_ section: String) -> (name: Substring, isAutoloaded: Bool) {
    section.utf8.first == UInt8(ascii: "?") ? (section.dropFirst(), false) : (section[...], true)
  }

  private static func plain(_ pattern: String.UTF8View) -> Substring.UTF8View {
    pattern.last == UInt8(ascii: "+") ? pattern.dropLast() : pattern[...]
  }

  private static func matches(_ name: Substring, pattern: String.UTF8View) -> Bool {
    let plain = plain(pattern)
    guard name.utf8.starts(with: plain) else { return false }
    if name.utf8.count == plain.count { return true }
    return plain.count < pattern.count && name.utf8[name.utf8.index(name.utf8.startIndex, offsetBy: plain.count)] == UInt8(ascii: "/")
  }
}
