/// A program type (`enum bpf_prog_type`). Unknown numbers survive, so that a newer kernel's types can be passed through.
///
/// The constants carry the kernel's names in lower camel case: `BPF_PROG_TYPE_SCHED_CLS` is ``schedCls``.
public struct ProgramType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Not the kernel's: r1 is a memory area, r2 its length in bytes, as in uBPF, rbpf and bpf_conformance.
  public static let rawMemory = ProgramType(rawValue: 0x4542_0001)

  /// The type of that name: the kernel's without its prefix in lower case (`sched_cls`), as bpftool and libbpf print it,
  /// the whole enumerator (`BPF_PROG_TYPE_SCHED_CLS`), or `raw`.
  public init?(name: String) {
    if name == "raw" {
      self = .rawMemory
    } else if let number = Names.number(of: name, enumeratorPrefix: "BPF_PROG_TYPE_", in: Self.names) {
      self.init(rawValue: number)
    } else {
      return nil
    }
  }

  /// The kernel's name without its prefix, in lower case (`sched_cls`), `raw` for raw memory; `nil` for unknown numbers.
  public var name: String? { self == .rawMemory ? "raw" : Names.name(of: rawValue, in: Self.names) }

  /// The name, or the number where there is none.
  public var description: String { name ?? "program type \(rawValue)" }

  /// Every type of Linux 6.18 but `unspec`, by number.
  public static var all: [ProgramType] { names.indices.dropFirst().map { ProgramType(rawValue: UInt32($0)) } }
}
