internal import EBPFBTF
internal import EBPFTables

/// Symbols that the object uses and does not have.
extension ObjectReader {
  mutating func readExterns() throws(ObjectError) {
    var sectionOfExtern: [BTF.TypeID: String] = [:]
    var typeOfName: [String: BTF.TypeID] = [:]
    if let btf {
      for name in [".kconfig", ".ksyms"] {
        guard let section = btf.find(name, kinds: [.dataSection]) else { continue }
        for variable in section.sectionVariables {
          guard let type = btf.type(variable.typeID) else { continue }
          sectionOfExtern[type.id] = name
          typeOfName[type.name] = type.id
        }
      }
    }
    var settings: [(alignment: Int, size: Int, name: String, extern: Int)] = []
    for index in 0..<elf.symbolCount {
      guard let symbol = elf.symbol(index), symbol.section == ELFFile.Symbol.undefined, symbol.isGlobal else { continue }
      let name = elf.name(of: symbol)
      guard !name.isEmpty else { continue }
      let type = typeOfName[name].flatMap { btf?.type($0) }
      externOfSymbol[index] = externs.count
      guard let type, let btf else {
        externs.append(ExternSpec(name: name, kind: .variable(typed: false), isWeak: symbol.isWeak))
        continue
      }
      if sectionOfExtern[type.id] == ".kconfig" {
        guard let size = btf.size(of: type.target), size <= 4096, let alignment = btf.alignment(of: type.target) else {
          throw ObjectError(.badBTF, "extern '\(name)' has a type [\(type.target)] without a usable size", section: ".kconfig")
        }
        settings.append((alignment, size, name, externs.count))
        externs.append(ExternSpec(name: name, kind: .kconfig, isWeak: symbol.isWeak, typeID: type.target, size: size))
      } else if type.kind == .function {
        externs.append(ExternSpec(name: name, kind: .function, isWeak: symbol.isWeak, typeID: type.id))
      } else {
        let isTyped = type.target != 0 && btf.resolve(type.target) != nil
        externs.append(ExternSpec(name: name, kind: .variable(typed: isTyped), isWeak: symbol.isWeak, typeID: type.target))
      }
    }
    guard !settings.isEmpty else { return }
    settings.sort { ($0.alignment, $0.size, $0.name) < ($1.alignment, $1.size, $1.name) }
    var end = 0
    for setting in settings {
      end = (end + setting.alignment - 1) / setting.alignment * setting.alignment
      externs[setting.extern].offset = end
      end += setting.size
    }
    settingsMap = maps.count
    maps.append(
      MapSpec(
        name: ".kconfig", type: MapType(rawValue: 2), keySize: 4, valueSize: end, maxEntries: 1, flags: [.readOnlyProgram],
        isFrozen: true, dataSection: .kconfig))
  }
}
