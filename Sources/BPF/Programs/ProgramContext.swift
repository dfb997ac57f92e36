// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// What a program is called with: one pointer, which each kind of program sees in its own way.
///
/// What a kind may do is said by the protocols that its context conforms to: a helper that the kernel refuses for a kind is not a member of
/// its context, so that the program does not compile.
public protocol ProgramContext {
  /// The pointer itself, for helpers that this module does not wrap.
  var rawPointer: UnsafeMutableRawPointer { get }
}

/// A context of a packet whose bytes the program can read and write in place.
public protocol PacketContext: ProgramContext {
  /// The packet's bytes. Helpers that move or resize the packet make this and all headers taken from it invalid: take it again afterwards.
  var packet: Packet { get }
}

/// A context of a packet whose bytes the program can read in place, but not write.
public protocol ReadablePacketContext: ProgramContext {
  /// The packet's bytes.
  var packet: ReadOnlyPacket { get }
}
