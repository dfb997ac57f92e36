internal import EBPFHost
internal import EBPFObject

/// Symbols of the running kernel that an object refers to.
enum KernelSymbols {
  /// Fills in what a program takes from the kernel.
  static func resolve(_ spec: ProgramSpec, in object: ObjectSpec, _ loader: inout ProgramLoader) throws(HostError) {
    for reference in spec.references {
      guard object.externs.indices.contains(reference.extern) else { continue }
      let symbol = object.externs[reference.extern]
      if symbol.isWeak { continue }
      throw HostError(.unsupported, "program '\(spec.name)', instruction \(reference.slot): uses the kernel's symbol '\(symbol.name)'")
    }
  }
}
