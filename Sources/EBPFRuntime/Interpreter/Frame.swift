import EBPFISA

/// What a function's frame keeps above its 512 bytes of stack, where r10 points: how to go back to the caller.
struct Frame {
  /// The caller's next instruction; `nil` in the outermost frame of an interpreter loop.
  var returnTo: UnsafePointer<DecodedInstruction>?
  var r6: UInt64
  var r7: UInt64
  var r8: UInt64
  var r9: UInt64
  /// How often `may_goto` may still go on in this frame.
  var mayGotoBudget: UInt32

  /// Bytes from a frame to its callee's: the stack and this record, rounded up to 64.
  static let stride = Limits.stackSize + 64

  /// `BPF_MAX_LOOPS`.
  static let mayGotoBudget: UInt32 = 8 * 1024 * 1024

}

/// The record of the frame whose r10 that is.
@inline(__always)
func frame(_ r10: UInt64) -> UnsafeMutablePointer<Frame> {
  UnsafeMutablePointer<Frame>(bitPattern: UInt(r10)).unsafelyUnwrapped
}

/// Begins an outermost frame: nobody reads the saved registers of one.
@inline(__always)
func enterOutermostFrame(_ r10: UInt64) {
  let frame = frame(r10)
  frame.pointee.returnTo = nil
  frame.pointee.mayGotoBudget = Frame.mayGotoBudget
}

/// Gives the caller its registers back.
/// - Returns: where it goes on; `nil` when the outermost frame was left.
@inline(__always)
func leaveFrame(_ r: UnsafeMutablePointer<UInt64>) -> UnsafePointer<DecodedInstruction>? {
  let frame = frame(r[10])
  guard let next = frame.pointee.returnTo else { return nil }
  r[6] = frame.pointee.r6
  r[7] = frame.pointee.r7
  r[8] = frame.pointee.r8
  r[9] = frame.pointee.r9
  r[10] &+= UInt64(Frame.stride)
  return next
}
