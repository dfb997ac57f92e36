import EBPFISA
import EBPFObject
import EBPFTables
import EBPFVerifier

/// Assembles a program and asks the verifier.
func verify(
  _ source: String, as type: ProgramType = .xdp, options: Verifier.Options = Verifier.Options(), maps: [MapSpec]? = nil,
  license: String = "GPL"
) throws -> Verdict {
  let assembler = Assembler { HelperID(name: $0).map { Int32($0.rawValue) } }
  let assembly = try assembler.assemble(source)
  let program = ProgramSpec(name: "program", type: type, instructions: assembly.instructions)
  let declared = assembly.maps.map {
    MapSpec(
      name: $0.name, type: MapType(name: $0.type)!, keySize: Int($0.keySize), valueSize: Int($0.valueSize), maxEntries: Int($0.maxEntries))
  }
  return Verifier(options: options).verify(program, in: ObjectSpec(programs: [program], maps: maps ?? declared, license: license))
}

extension Verdict {
  var proof: Proof? {
    if case .accepted(let proof) = self { proof } else { nil }
  }
  var rejection: Rejection? {
    if case .rejected(let rejection) = self { rejection } else { nil }
  }
}
