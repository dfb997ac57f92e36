/// Machine code as bytes, with the places that a linker fills in: nothing here is executable yet, and no address is baked in.
public struct CompiledCode: Sendable {
  /// What an address in the code stands for.
  public enum Target: Sendable, Hashable {
    /// A helper's entry point, called as ``CompiledCode`` describes.
    case helper(UInt32)
    /// The address that `ld_imm64` loads for a map (index in `ObjectSpec.maps`).
    case map(Int)
    /// The address of a map's first value, plus an offset in bytes.
    case mapValue(Int, offset: UInt32)
    /// A kernel function's stand-in, by BTF id; only where the host has one.
    case kfunc(UInt32)
    /// An address in this code, by byte offset (callbacks).
    case code(Int)
  }

  /// Eight bytes, little-endian, at `offset` in the code, that receive the target's absolute address.
  public struct Relocation: Sendable, Hashable {
    public var offset: Int
    public var target: Target
    public init(offset: Int, target: Target) {
      self.offset = offset
      self.target = target
    }
  }

  public enum Architecture: String, Sendable, Hashable {
    case x86_64
    case arm64
  }

  public var architecture: Architecture
  public var bytes: [UInt8]
  public var relocations: [Relocation]
  /// Byte offset of the entry point that the host calls: `UInt64 entry(UInt64 r1, UInt64 r2, environment *)`, the platform's C convention.
  public var entry: Int
  /// Byte offset at which a tail call enters the code (past the frame's set-up).
  public var tailCallEntry: Int
  /// The byte offset in ``bytes`` of each slot's code, one element a slot.
  public var slotOffsets: [Int32]

  public init(
    architecture: Architecture, bytes: [UInt8], relocations: [Relocation], entry: Int, tailCallEntry: Int, slotOffsets: [Int32]
  ) {
    self.architecture = architecture
    self.bytes = bytes
    self.relocations = relocations
    self.entry = entry
    self.tailCallEntry = tailCallEntry
    self.slotOffsets = slotOffsets
  }
}
