import EBPF
import EBPFBTF
import EBPFISA
import Foundation

/// Writes the inputs of a target that real objects hold into a folder, each under a name of its own: types of their `.BTF` sections, their
/// programs as instructions, and the source that programs are printed as.
///
/// - Parameter limit: the longest input, in bytes; longer ones are left out.
func writeSeeds(of target: String, from files: [String], to folder: String, limit: Int) throws {
  for file in files {
    guard let data = FileManager.default.contents(atPath: file), let object = try? ObjectSpec(bytes: [UInt8](data)) else { continue }
    let seeds: [[UInt8]] =
      switch target {
      case "btf": object.btf.map { [$0.bytes] } ?? []
      case "program": programSeeds(object, withTypes: false)
      case "verifier": programSeeds(object, withTypes: true)
      case "assembly":
        object.programs.enumerated().map { number, program in
          let styles = AssemblyStyle.allCases
          return [UInt8](Disassembler(style: styles[number % styles.count]).source(program.instructions).utf8)
        }
      default: []
      }
    let name = file.split(separator: "/").suffix(2).joined(separator: "-")
    for (number, seed) in seeds.enumerated() where !seed.isEmpty && seed.count <= limit {
      try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/\(name)-\(number)"))
    }
  }
}
