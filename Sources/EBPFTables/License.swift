/// The license that a program states.
public enum License {
  /// Whether the kernel takes a program of this license as one under the GPL, which some helpers and kfuncs ask for
  /// (`license_is_gpl_compatible`, `include/linux/license.h`).
  public static func isGPLCompatible(_ license: String) -> Bool {
    ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"].contains(license)
  }
}

extension HelperID {
  /// Whether every form of the helper is for programs under the GPL alone.
  public var isGPLOnly: Bool {
    let forms = HelperPrototype.all.filter { $0.helper == self }
    return !forms.isEmpty && forms.allSatisfy(\.isGPLOnly)
  }
}
