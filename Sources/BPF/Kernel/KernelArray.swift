// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// An array in a kernel's structure, by its address: `task.comm`, `task.thread_pid.numbers`.
///
/// `count` is 0 for an array whose length no type says. An index outside the others ends the program like any failed check.
@frozen
public struct KernelArray<let count: Int, Element: KernelElement> {
  /// Where the first element is, in the kernel's memory; `nil` behind a pointer that is nil.
  public let kernelAddress: UnsafeRawPointer?

  @inline(__always)
  public init(kernelAddress: UnsafeRawPointer?) { self.kernelAddress = kernelAddress }

  /// How many elements the array has, by its type; 0 where no type says it.
  @inline(__always)
  public var count: Int { Self.count }

  /// An element. The index need not be a constant.
  @inline(__always)
  public subscript(_ index: Int) -> Element {
    precondition(index >= 0 && (Self.count == 0 || index < Self.count))
    return Element._element(of: kernelAddress, at: index)
  }
}

extension KernelArray where Element: BitwiseCopyable {
  /// Copies elements, as many as both have (`bpf_probe_read_kernel`); the rest of the buffer stays. Whether the memory could be read.
  @discardableResult @inline(__always)
  public func copy<let capacity: Int>(into buffer: inout InlineArray<capacity, Element>) -> Bool {
    let length = Self.count == 0 || capacity < Self.count ? capacity : Self.count
    return withUnsafeMutableBytes(of: &buffer) {
      bpf_probe_read_kernel($0.baseAddress, UInt32(truncatingIfNeeded: length &* MemoryLayout<Element>.stride), kernelAddress) == 0
    }
  }

  /// A copy of all elements; zeros where the memory cannot be read.
  @inline(__always)
  public var values: InlineArray<count, Element> {
    withUnsafeTemporaryAllocation(of: InlineArray<count, Element>.self, capacity: 1) { buffer in
      let pointer = buffer.baseAddress.unsafelyUnwrapped
      _ = bpf_probe_read_kernel(pointer, UInt32(truncatingIfNeeded: Self.count &* MemoryLayout<Element>.stride), kernelAddress)
      return pointer.pointee
    }
  }
}

extension KernelArray where Element == UInt8 {
  /// Copies a text with its zero byte, cut where it is too long; the number of bytes with the zero, or a negative errno
  /// (`bpf_probe_read_kernel_str`).
  @discardableResult @inline(__always)
  public func copyString<let capacity: Int>(into buffer: inout InlineArray<capacity, UInt8>) -> Int {
    withUnsafeMutableBytes(of: &buffer) {
      bpf_probe_read_kernel_str($0.baseAddress, UInt32(truncatingIfNeeded: capacity), kernelAddress)
    }
  }
}

/// Text of the kernel is printed by `%s`.
extension KernelArray: PrintArgument where Element == UInt8 {
  @inline(__always)
  public var printWord: UInt64 { UInt64(UInt(bitPattern: kernelAddress)) }
}
