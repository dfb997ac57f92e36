/// The number of a helper function (`enum bpf_func_id`): the immediate of a `call`. Unknown numbers survive.
///
/// The constants carry the kernel's names in lower camel case: `BPF_FUNC_map_lookup_elem` is ``mapLookupElem``.
public struct HelperID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The helper of that name, with or without its prefix: `bpf_map_lookup_elem`, `map_lookup_elem`.
  public init?(name: String) {
    let full = name.utf8.starts(with: "bpf_".utf8) ? name : "bpf_" + name
    guard let number = Self.names.firstIndex(of: full) else { return nil }
    self.init(rawValue: UInt32(number))
  }

  /// The name as programs write it, `bpf_map_lookup_elem`; `nil` for unknown numbers.
  public var name: String? { self == .skbGetPayOffset ? "bpf_skb_get_pay_offset" : Names.name(of: rawValue, in: Self.names) }

  /// The name, or the number where there is none.
  public var description: String { name ?? "helper \(rawValue)" }

  /// Where a packet's payload begins (`SKF_AD_PAY_OFFSET`), from its first byte; 0 where that cannot be said: `u32 f(struct __sk_buff *skb)`.
  ///
  /// The kernel has this function for classic programs alone, without a number. The userspace host gives it one, far behind the last of the
  /// kernel's, for their translations; it is in none of the tables of helpers.
  public static var skbGetPayOffset: HelperID { HelperID(rawValue: 255) }

  /// Every helper of Linux 6.18, by number, from 1. The kernel adds no more: what is new are kernel functions (kfuncs).
  public static var all: [HelperID] { names.indices.dropFirst().map { HelperID(rawValue: UInt32($0)) } }
}
