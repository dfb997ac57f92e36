// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// How the module `Kernel`, which the tool makes of the kernel's types, says accesses to the lowering.
//
// The contract with the lowering (EBPFToolchain, `Lowering+KernelTypes.swift`):
// - `bpf.core.at.TYPE.MEMBER` and `bpf.core.maybe.at.TYPE.MEMBER`, declared by the made module, go from an object to a member. The second
//   take and give an address that may be null.
// - The functions here read or write at such an address, or ask about it. An access whose address comes from steps in the same function
//   becomes one CO-RE relocation with the whole path.
// - A read is a load where all programs that reach it have typed pointers (tp_btf, fentry, lsm, iterators…), and `bpf_probe_read_kernel`
//   where one does not (kprobe, tracepoint, perf_event…). A read at null gives zero.

#if hasFeature(Embedded)

@_silgen_name("bpf.core.load.u8") public func _coreLoad8(_ address: UnsafeRawPointer) -> UInt8
@_silgen_name("bpf.core.load.u16") public func _coreLoad16(_ address: UnsafeRawPointer) -> UInt16
@_silgen_name("bpf.core.load.u32") public func _coreLoad32(_ address: UnsafeRawPointer) -> UInt32
@_silgen_name("bpf.core.load.u64") public func _coreLoad64(_ address: UnsafeRawPointer) -> UInt64
@_silgen_name("bpf.core.load.pointer") public func _coreLoadPointer(_ address: UnsafeRawPointer) -> UnsafeRawPointer?
@_silgen_name("bpf.core.load.bits") public func _coreLoadBits(_ address: UnsafeRawPointer) -> UInt64

@_silgen_name("bpf.core.maybe.load.u8") public func _coreLoad8(maybe address: UnsafeRawPointer?) -> UInt8
@_silgen_name("bpf.core.maybe.load.u16") public func _coreLoad16(maybe address: UnsafeRawPointer?) -> UInt16
@_silgen_name("bpf.core.maybe.load.u32") public func _coreLoad32(maybe address: UnsafeRawPointer?) -> UInt32
@_silgen_name("bpf.core.maybe.load.u64") public func _coreLoad64(maybe address: UnsafeRawPointer?) -> UInt64
@_silgen_name("bpf.core.maybe.load.pointer") public func _coreLoadPointer(maybe address: UnsafeRawPointer?) -> UnsafeRawPointer?
@_silgen_name("bpf.core.maybe.load.bits") public func _coreLoadBits(maybe address: UnsafeRawPointer?) -> UInt64

@_silgen_name("bpf.core.store.u8") public func _coreStore8(_ address: UnsafeRawPointer, _ value: UInt8)
@_silgen_name("bpf.core.store.u16") public func _coreStore16(_ address: UnsafeRawPointer, _ value: UInt16)
@_silgen_name("bpf.core.store.u32") public func _coreStore32(_ address: UnsafeRawPointer, _ value: UInt32)
@_silgen_name("bpf.core.store.u64") public func _coreStore64(_ address: UnsafeRawPointer, _ value: UInt64)

/// The address of an array's element. The index must be inside.
@_silgen_name("bpf.core.element") public func _coreElement(_ array: UnsafeRawPointer?, _ index: Int, _ stride: Int) -> UnsafeRawPointer?

/// Where no object is: the start of a path that is only asked about.
@_silgen_name("bpf.core.none") public func _coreNone() -> UnsafeRawPointer

/// Asks about the member that an address leads to, by `enum bpf_field_info_kind`: 0 offset, 1 size in bytes, 2 existence, 3 sign. The number
/// must be a constant.
@_silgen_name("bpf.core.info") public func _coreInfo(_ address: UnsafeRawPointer, _ what: UInt32) -> UInt32

#else

// Natively an object is memory of the process.

public func _coreLoad8(_ address: UnsafeRawPointer) -> UInt8 { address.load(as: UInt8.self) }
public func _coreLoad16(_ address: UnsafeRawPointer) -> UInt16 { address.loadUnaligned(as: UInt16.self) }
public func _coreLoad32(_ address: UnsafeRawPointer) -> UInt32 { address.loadUnaligned(as: UInt32.self) }
public func _coreLoad64(_ address: UnsafeRawPointer) -> UInt64 { address.loadUnaligned(as: UInt64.self) }
public func _coreLoadPointer(_ address: UnsafeRawPointer) -> UnsafeRawPointer? { UnsafeRawPointer(bitPattern: UInt(_coreLoad64(address))) }
public func _coreLoadBits(_ address: UnsafeRawPointer) -> UInt64 { 0 }

public func _coreLoad8(maybe address: UnsafeRawPointer?) -> UInt8 { address.map { _coreLoad8($0) } ?? 0 }
public func _coreLoad16(maybe address: UnsafeRawPointer?) -> UInt16 { address.map { _coreLoad16($0) } ?? 0 }
public func _coreLoad32(maybe address: UnsafeRawPointer?) -> UInt32 { address.map { _coreLoad32($0) } ?? 0 }
public func _coreLoad64(maybe address: UnsafeRawPointer?) -> UInt64 { address.map { _coreLoad64($0) } ?? 0 }
public func _coreLoadPointer(maybe address: UnsafeRawPointer?) -> UnsafeRawPointer? { address.flatMap { _coreLoadPointer($0) } }
public func _coreLoadBits(maybe address: UnsafeRawPointer?) -> UInt64 { 0 }

public func _coreStore8(_ address: UnsafeRawPointer, _ value: UInt8) {
  UnsafeMutableRawPointer(mutating: address).storeBytes(of: value, as: UInt8.self)
}
public func _coreStore16(_ address: UnsafeRawPointer, _ value: UInt16) {
  UnsafeMutableRawPointer(mutating: address).storeBytes(of: value, as: UInt16.self)
}
public func _coreStore32(_ address: UnsafeRawPointer, _ value: UInt32) {
  UnsafeMutableRawPointer(mutating: address).storeBytes(of: value, as: UInt32.self)
}
public func _coreStore64(_ address: UnsafeRawPointer, _ value: UInt64) {
  UnsafeMutableRawPointer(mutating: address).storeBytes(of: value, as: UInt64.self)
}

public func _coreElement(_ array: UnsafeRawPointer?, _ index: Int, _ stride: Int) -> UnsafeRawPointer? { array.map { $0 + index * stride } }
public func _coreNone() -> UnsafeRawPointer { UnsafeRawPointer(bitPattern: 1 << 12).unsafelyUnwrapped }
public func _coreInfo(_ address: UnsafeRawPointer, _ what: UInt32) -> UInt32 { 0 }

#endif
