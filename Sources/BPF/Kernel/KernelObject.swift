// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A structure or union of the kernel, by its address. Its members are properties, which read the kernel's memory when they are asked for.
///
/// The types come from the module `Kernel`, which the tool makes of the kernel's types: those that the sources name, with the members that
/// they name. Where a member lies is said by the kernel that the program is loaded into (CO-RE).
/// ```swift
/// import BPF
/// import Kernel
///
/// @section("tp_btf/sched_process_exec") @used
/// func executed(_ ctx: BTFTracepointContext) {
///   guard let task = ctx.pointer(0, to: task_struct.self) else { return }
///   parents.count(task.real_parent.tgid)
/// }
/// ```
/// A pointer to a structure is an optional of it. Its members can be read without unwrapping it: at `nil` they are zero, false and `nil`.
public protocol KernelObject: KernelPointer, KernelElement, Equatable {
  /// Where it lies.
  var kernelAddress: UnsafeRawPointer { get }
  /// An object at an address that the verifier knows to be one.
  init(kernelAddress: UnsafeRawPointer)

  // What the lowering answers.
  static func _type(_ what: UInt32) -> UInt64
  static func _cast(_ address: UnsafeRawPointer?) -> UnsafeRawPointer?
  static func _member(_ base: UnsafeRawPointer, _ name: UnsafePointer<UInt8>, _ count: Int, _ code: UInt32) -> UnsafeRawPointer
}

extension KernelObject {
  /// The object of this type at an address that is only a number, such as an argument of a kprobe or what a `void *` points to.
  ///
  /// Programs whose pointers the verifier knows get one that it lets them read (`bpf_rdonly_cast`, Linux 6.2). `nil` for address 0.
  @inline(__always)
  public init?(at address: UInt64) { self.init(at: UnsafeRawPointer(bitPattern: UInt(address))) }

  /// The object of this type at an address that is only a number.
  @inline(__always)
  public init?(at address: UnsafeRawPointer?) {
    guard let known = Self._cast(address) else { return nil }
    self.init(kernelAddress: known)
  }

  /// The object that a part of it is known of (`container_of`), such as an entry of a list.
  /// ```swift
  /// task_struct(containing: node, as: task_struct.field.sibling)
  /// ```
  @inline(__always)
  public init?<Part: KernelObject>(containing part: Part, as field: KernelField<Part>) {
    self.init(at: UInt64(UInt(bitPattern: part.kernelAddress)) &- UInt64(field.byteOffset))
  }

  /// The same address as another type: what a structure is the first member of, or an older or newer form of it (`task_struct___old`).
  @inline(__always)
  public func cast<Object: KernelObject>(to type: Object.Type = Object.self) -> Object {
    Object(kernelAddress: Object._cast(kernelAddress).unsafelyUnwrapped)
  }

  /// A member by its name, for members that only other kernels have: ask for its existence first.
  /// ```swift
  /// if task_struct.field.member("state", as: Int64.self).exists { state = task.member("state", as: Int64.self) }
  /// ```
  /// The name must be written as it stands here, in quotes.
  @inline(__always)
  public func member<Value: KernelValue>(_ name: StaticString, as type: Value.Type = Value.self) -> Value {
    Value._load(maybe: Self._member(kernelAddress, name.utf8Start, name.utf8CodeUnitCount, Value._code))
  }

  /// The type's members, to ask about: `task_struct.field.comm.byteSize`.
  @inline(__always)
  public static var field: KernelField<Self> { KernelField(place: _coreNone()) }

  /// What there is to know about the type: `task_struct.type.byteSize`.
  @inline(__always)
  public static var type: KernelType<Self> { KernelType() }

  /// The pointer, for helpers.
  @inline(__always)
  public var opaque: OpaquePointer { OpaquePointer(kernelAddress) }

  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.kernelAddress == b.kernelAddress }

  @inline(__always)
  public static func _element(of array: UnsafeRawPointer?, at index: Int) -> Self {
    Self(kernelAddress: _coreElement(array, index, _stride).unsafelyUnwrapped)
  }
  @inline(__always)
  public static var _stride: Int { Int(truncatingIfNeeded: _type(1)) }
}

/// What the kernel that the program is loaded into says of a type.
@frozen
public struct KernelType<Object: KernelObject> {
  @inline(__always)
  init() {}

  /// Whether it has a type of this name and kind.
  @inline(__always)
  public var exists: Bool { Object._type(0) != 0 }
  /// Whether its type has all members that the program uses, of fitting types.
  @inline(__always)
  public var matches: Bool { Object._type(2) != 0 }
  /// The size there.
  @inline(__always)
  public var byteSize: UInt64 { Object._type(1) }
  /// The type's number in the object.
  @inline(__always)
  public var localID: UInt64 { Object._type(3) }
  /// The type's number in the kernel's types; 0 where it has none.
  @inline(__always)
  public var targetID: UInt64 { Object._type(4) }
}

/// What the kernel that the program is loaded into says of a member: `task_struct.field.se.vruntime`.
@frozen
public struct KernelField<Member> {
  /// Where the member would be in a structure at address 0: what the lowering makes its relocations of. It is not for loads.
  public let place: UnsafeRawPointer

  @inline(__always)
  public init(place: UnsafeRawPointer) { self.place = place }

  /// Whether it has the member, of a fitting type.
  @inline(__always)
  public var exists: Bool { _coreInfo(place, 2) != 0 }
  /// Bytes from the structure's start.
  @inline(__always)
  public var byteOffset: UInt32 { _coreInfo(place, 0) }
  /// The member's size.
  @inline(__always)
  public var byteSize: UInt32 { _coreInfo(place, 1) }
  /// Whether it is a signed integer.
  @inline(__always)
  public var isSigned: Bool { _coreInfo(place, 3) != 0 }
}

extension KernelField where Member: KernelObject {
  /// A member by its name, for members that only other kernels have. The name must be written as it stands here, in quotes.
  @inline(__always)
  public func member<Value: KernelValue>(_ name: StaticString, as type: Value.Type = Value.self) -> KernelField<Value> {
    KernelField<Value>(place: Member._member(place, name.utf8Start, name.utf8CodeUnitCount, Value._code))
  }
}
