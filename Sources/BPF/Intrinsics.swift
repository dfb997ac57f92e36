// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// What the lowering replaces on eBPF, and what stands in its place natively.
//
// The contract with the lowering (EBPFToolchain):
// - A call of a function whose symbol contains `bpf_callback_NAME` is a call of the helper `bpf_NAME`. The generic ones have a body only because
//   Embedded Swift wants one: the symbol is then that of a specialization, and the body counts for nothing.
// - A closure arrives as two operands: its function and its context, which is null (or undefined) where nothing is captured. The lowering makes
//   a static function with the signature of the helper's callback; it calls the closure's function with the callback's own arguments, in the
//   order given below, and the context last.
// - A closure's result is an 8-bit 0 (go on) or 1 (stop). A trap in it ends the loop and then the program.

#if hasFeature(Embedded)

/// `long bpf_loop(u32 count, cb, void *context, u64 flags = 0)`, where `cb` is `long (*)(u64 index, void *context)`.
@_silgen_name("bpf_callback_loop")
func callbackLoop(_ count: UInt32, _ body: (UInt32) -> LoopStep) -> Int

/// `long bpf_for_each_map_elem(map, cb, void *context, u64 flags = 0)`, where `cb` is `long (*)(map, key, value, void *context)`: the closure
/// gets key and value.
@_silgen_name("bpf_callback_for_each_map_elem") @_optimize(none)
func callbackForEach<Key, Value>(_ map: UnsafeRawPointer, _ body: (MapKey<Key>, MapValue<Value>) -> LoopStep) -> Int { 0 }

/// `long bpf_user_ringbuf_drain(map, cb, void *context, u64 flags)`, where `cb` is `long (*)(struct bpf_dynptr *, void *context)`.
@_silgen_name("bpf_callback_user_ringbuf_drain")
func callbackDrain(_ map: UnsafeRawPointer, _ body: (Sample) -> LoopStep, _ flags: UInt64) -> Int

/// `long bpf_timer_set_callback(timer, cb)`, where `cb` is `int (*)(map, key, value)` and returns 0: the closure gets key and value, and may
/// capture nothing.
@_silgen_name("bpf_callback_timer_set_callback")
func callbackTimer(
  _ timer: UnsafeMutableRawPointer, _ body: @escaping (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
) -> Int

/// Zeroes the bytes of a value that lie between its fields. The symbol contains `bpf_zero_padding`; the lowering puts stores in place of the
/// body. The value's type is that of the body's variable, by which the lowering knows where the gaps are.
@_silgen_name("bpf_zero_padding") @_optimize(none)
func zeroGaps<Value: BitwiseCopyable>(of pointer: UnsafeMutablePointer<Value>) {
  var copy = pointer.pointee
  cbpf_use(&copy)
}

#else

/// `bpf_loop`, natively.
func callbackLoop(_ count: UInt32, _ body: (UInt32) -> LoopStep) -> Int {
  if count > 1 << 23 { return -7 }
  var done = 0
  while done < Int(count) {
    done += 1
    if body(UInt32(done - 1)) == .stop { break }
  }
  return done
}

/// A closure behind a C function's `void *` argument.
private final class Box<Body> {
  let body: Body
  init(_ body: Body) { self.body = body }
}

/// `bpf_for_each_map_elem`, natively: the host's walk.
func callbackForEach<Key, Value>(_ map: UnsafeRawPointer, _ body: (MapKey<Key>, MapValue<Value>) -> LoopStep) -> Int {
  typealias Plain = (UnsafeRawPointer, UnsafeMutableRawPointer) -> Bool
  guard let host = cbpf_current_host(), let walk = host.pointee.for_each else { return -22 }
  return withoutActuallyEscaping(body) { body in
    let box = Box<Plain> { key, value in body(MapKey(pointer: key.assumingMemoryBound(to: Key.self)), MapValue(value)) == .stop }
    return withExtendedLifetime(box) {
      walk(
        cbpf_map(map),
        { key, value, argument in Unmanaged<Box<Plain>>.fromOpaque(argument!).takeUnretainedValue().body(key, value) ? 1 : 0 },
        Unmanaged.passUnretained(box).toOpaque(), host.pointee.environment)
    }
  }
}

/// `bpf_user_ringbuf_drain`, natively: the host's.
func callbackDrain(_ map: UnsafeRawPointer, _ body: (Sample) -> LoopStep, _ flags: UInt64) -> Int {
  typealias Plain = (UnsafeMutableRawPointer) -> Bool
  guard let host = cbpf_current_host(), let drain = host.pointee.drain else { return -22 }
  return withoutActuallyEscaping(body) { body in
    let box = Box<Plain> { body(Sample(pointer: $0)) == .stop }
    return withExtendedLifetime(box) {
      drain(
        cbpf_map(map), { sample, argument in Unmanaged<Box<Plain>>.fromOpaque(argument!).takeUnretainedValue().body(sample) ? 1 : 0 },
        Unmanaged.passUnretained(box).toOpaque(), flags, host.pointee.environment)
    }
  }
}

/// `bpf_timer_set_callback`, natively: the host keeps the closure for as long as the process lives.
func callbackTimer(
  _ timer: UnsafeMutableRawPointer, _ body: @escaping (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
) -> Int {
  typealias Plain = (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
  guard let host = cbpf_current_host(), let set = host.pointee.timer_set_callback else { return -22 }
  return set(
    timer, { _, key, value, argument in Unmanaged<Box<Plain>>.fromOpaque(argument!).takeUnretainedValue().body(key, value) },
    Unmanaged.passRetained(Box<Plain>(body)).toOpaque(), host.pointee.environment)
}

#endif
