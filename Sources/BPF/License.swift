// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// The licence of a program, as the kernel wants to know it: some helpers and kernel functions are for programs under the GPL only.
///
/// A global of this type, of any name, becomes the object's section `license`. Without one the object has none, and what needs GPL is
/// refused.
/// ```swift
/// let license = License.dualMITGPL
/// ```
@frozen
public struct License: Sendable {
  /// What stands in the section `license`.
  public let text: StaticString

  /// A licence under any name. The kernel takes `GPL`, `GPL v2`, `GPL and additional rights`, `Dual BSD/GPL`, `Dual MIT/GPL` and
  /// `Dual MPL/GPL` as GPL (`license_is_gpl_compatible`, `include/linux/license.h`).
  @inline(__always)
  public init(_ text: StaticString) { self.text = text }

  /// `GPL`
  @inline(__always)
  public static var gpl: License { License("GPL") }
  /// `GPL v2`
  @inline(__always)
  public static var gplVersion2: License { License("GPL v2") }
  /// `Dual BSD/GPL`
  @inline(__always)
  public static var dualBSDGPL: License { License("Dual BSD/GPL") }
  /// `Dual MIT/GPL`
  @inline(__always)
  public static var dualMITGPL: License { License("Dual MIT/GPL") }
  /// `Dual MPL/GPL`
  @inline(__always)
  public static var dualMPLGPL: License { License("Dual MPL/GPL") }
  /// `Proprietary`: no helper for GPL programs.
  @inline(__always)
  public static var proprietary: License { License("Proprietary") }
}
