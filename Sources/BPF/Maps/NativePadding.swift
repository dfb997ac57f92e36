// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Bytes of a value between its fields, in a native build: unoptimized code copies them with the value.
#if !hasFeature(Embedded)
@_spi(Reflection) import Swift

/// Zeroes the bytes of a value that belong to none of its fields.
package func zeroPadding<Value: BitwiseCopyable>(of type: Value.Type, at pointer: UnsafeMutableRawPointer) {
  var used = [Bool](repeating: false, count: MemoryLayout<Value>.stride)
  markFields(of: type, at: 0, in: &used)
  for index in used.indices where !used[index] { pointer.storeBytes(of: 0, toByteOffset: index, as: UInt8.self) }
}

private func markFields(of type: any Any.Type, at base: Int, in used: inout [Bool]) {
  var hasFields = false
  // What has no fields that reflection knows (enums, arrays of a fixed size, structs of C) counts as a whole.
  _forEachField(of: type) { _, offset, fieldType, _ in
    hasFields = true
    markFields(of: fieldType, at: base + offset, in: &used)
    return true
  }
  if hasFields { return }
  func size<Opened>(_: Opened.Type) -> Int { MemoryLayout<Opened>.size }
  let end = min(base + _openExistential(type, do: size), used.count)
  for index in base..<max(base, end) { used[index] = true }
}
#endif
