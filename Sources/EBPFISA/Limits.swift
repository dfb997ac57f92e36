/// The limits of the machine and of the kernel's loader.
public enum Limits {
  /// r0 to r10.
  public static let registerCount = 11
  /// The read-only frame pointer.
  public static let framePointer: UInt8 = 10
  /// Bytes of stack in a frame.
  public static let stackSize = 512
  /// Frames of bpf-to-bpf calls, the program's own included (`MAX_CALL_FRAMES`).
  public static let callFrames = 8
  /// Tail calls in a row (`MAX_TAIL_CALL_CNT`).
  public static let tailCalls = 33
  /// Slots in a program that the kernel takes from a privileged user (`BPF_COMPLEXITY_LIMIT_INSNS`).
  public static let programSlots = 1_000_000
  /// The first number that is no queue of a network device (`NO_QUEUE_MAPPING`).
  public static let noQueue: Int32 = 0xffff
}
