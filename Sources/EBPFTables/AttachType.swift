/// Where a program of a type is attached (`enum bpf_attach_type`). Unknown numbers survive.
///
/// The constants carry the kernel's names in lower camel case: `BPF_CGROUP_INET4_BIND` is ``cgroupInet4Bind``.
/// Number 0 is a place too (``cgroupInetIngress``); the kernel reads it as "none" where a program type has no attach types.
public struct AttachType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The attach type of that name: `cgroup_inet4_bind`, as bpftool and libbpf print it, or the whole enumerator.
  public init?(name: String) {
    guard let number = Names.number(of: name, enumeratorPrefix: "BPF_", in: Self.names) else { return nil }
    self.init(rawValue: number)
  }

  /// The kernel's name without its prefix, in lower case (`cgroup_inet4_bind`); `nil` for unknown numbers.
  public var name: String? { Names.name(of: rawValue, in: Self.names) }

  /// The name, or the number where there is none.
  public var description: String { name ?? "attach type \(rawValue)" }

  /// Every known attach type, by number.
  public static var all: [AttachType] { names.indices.map { AttachType(rawValue: UInt32($0)) } }
}
