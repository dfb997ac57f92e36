/// A classic BPF program: what `tcpdump -d` shows and `SO_ATTACH_FILTER` takes.
///
///     let program = try ClassicProgram(decimalText: text)   // of tcpdump -ddd
///     try program.check()
///     let instructions = try program.translated()
public struct ClassicProgram: Hashable, Sendable {
  /// The instructions in order.
  public var instructions: [ClassicInstruction]

  public init(_ instructions: [ClassicInstruction]) { self.instructions = instructions }

  /// The most instructions that the kernel takes (`BPF_MAXINSNS`).
  public static let maximumLength = 4096
  /// Words of scratch memory (`BPF_MEMWORDS`).
  public static let scratchWords = 16
}

/// Whose machine runs a classic program. They differ where a program does unusual things.
@frozen
public enum ClassicDialect: Hashable, Sendable {
  /// The kernel's (`net/core/filter.c`): at most 4096 instructions, forward jumps only, offsets below zero mean something, shifts by X count
  /// its lowest five bits, and `X + k` wraps around at 32 bits.
  case linux
  /// libpcap's own (`bpf_filter.c`), which tcpdump applies to savefiles: jumps may lead backward (`ip6 protochain`), offsets are unsigned,
  /// a shift by 32 or more gives 0, and `X + k` beyond 32 bits is outside the packet.
  case libpcap
}
