/// Machine code as bytes, with the places that a linker fills in: nothing here is executable yet, and no address is baked in.
///
/// Calls out of the code follow the platform's C convention and pass the environment behind the five arguments
/// (`ebpf_helper` in `cebpf.h`), so that helpers written in C and Swift are called alike.
public struct CompiledCode: Sendable, Hashable {
  /// What an address in the code stands for.
  public enum Target: Sendable, Hashable {
    /// A helper's entry point: `UInt64 helper(r1, r2, r3, r4, r5, environment *)`.
    ///
    /// Helper 12 is the tail call. It answers 0, and the program goes on with r0 = 0, or the address at which another program's code is
    /// entered (its ``CompiledCode/tailCallEntry``): then this frame is undone and the code jumps there with its own r1 and environment.
    case helper(UInt32)
    /// The address that `ld_imm64` loads for a map (index in `ObjectSpec.maps`).
    case map(Int)
    /// The address of a map's first value, plus an offset in bytes.
    case mapValue(Int, offset: UInt32)
    /// As ``map(_:)``, for a program that names its map by a file descriptor.
    case mapDescriptor(Int32)
    /// As ``mapValue(_:offset:)``, for a program that names its map by a file descriptor.
    case mapDescriptorValue(Int32, offset: UInt32)
    /// A kernel variable's stand-in, by BTF id; only where the host has one.
    case variable(UInt32)
    /// A kernel function's stand-in, by BTF id; only where the host has one. Called like a helper.
    case kfunc(UInt32)
    /// An address in this code, by byte offset.
    case code(Int)
    /// What `LD_ABS` and `LD_IND` call: `Int64 load(context, offset, size, 0, 0, environment *)`, where the context is r6, the offset a
    /// signed 32-bit number and the size 1, 2 or 4 bytes. It answers the value in host order, or a negative number where the packet
    /// has no such bytes: the function then returns 0.
    case packetLoad
    /// What a call by register (`callx`) calls: `UInt64 call(r1, r2, r3, r4, r5, environment *, UInt64 callee)`. The callee is what the
    /// program had in the register: a helper's number, or the address of one of its own functions (an entry with the C convention of a helper).
    case indirectCall
  }

  /// Eight bytes, little-endian, at `offset` in the code, that receive the target's absolute address.
  public struct Relocation: Sendable, Hashable {
    /// Where the eight bytes are, and what they are to hold.
    public var offset: Int
    public var target: Target
    public init(offset: Int, target: Target) {
      self.offset = offset
      self.target = target
    }
  }

  /// What processor code is for.
  public enum Architecture: String, Sendable, Hashable {
    case x86_64
    case arm64
  }

  /// The processor that the code is for.
  public var architecture: Architecture
  public var bytes: [UInt8]
  /// The places in ``bytes`` that depend on addresses of the host.
  public var relocations: [Relocation]
  /// Byte offset of the entry point that the host calls: `UInt64 entry(UInt64 r1, UInt64 r2, environment *)`, the platform's C convention.
  public var entry: Int
  /// Byte offset at which a tail call enters the code; the same convention as ``entry``.
  public var tailCallEntry: Int
  /// The byte offset in ``bytes`` of each slot's code, one element a slot.
  public var slotOffsets: [Int32]
  /// By a function's first slot, the byte offset of an entry with a helper's convention, for the functions whose address the program
  /// takes: it is what `ld_imm64` loads, and what helpers such as `bpf_loop` call.
  public var callbackEntries: [Int: Int]

  public init(
    architecture: Architecture, bytes: [UInt8], relocations: [Relocation], entry: Int, tailCallEntry: Int, slotOffsets: [Int32],
    callbackEntries: [Int: Int] = [:]
  ) {
    self.architecture = architecture
    self.bytes = bytes
    self.relocations = relocations
    self.entry = entry
    self.tailCallEntry = tailCallEntry
    self.slotOffsets = slotOffsets
    self.callbackEntries = callbackEntries
  }
}
