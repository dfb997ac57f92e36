import EBPFBTF
import Testing

@Suite struct BTFReaderTests {
  @Test func rejectsWhatIsNoBTF() {
    #expect(throws: BTFError.self) { try BTF(bytes: []) }
    #expect(throws: BTFError.self) { try BTF(bytes: Array(repeating: 0, count: 64)) }
  }

  @Test(arguments: [false, true]) func readsBackWhatWasBuilt(isBigEndian: Bool) throws {
    var builder = BTFBuilder(isBigEndian: isBigEndian)
    let int = builder.addInteger("int", size: 4, isSigned: true)
    let prototype = builder.addPrototype(result: int, parameters: [.init("ctx", type: builder.nextID + 1), .init("", type: 0)])
    let pointer = builder.addPointer(to: 0)
    let function = builder.addFunction("main", prototype: prototype, linkage: .isStatic)
    let variable = builder.addVariable("total", type: int)
    let section = builder.addDataSection(".bss", size: 4, variables: [.init(variable, offset: 0, size: 4)])
    let tag = builder.addDeclarationTag("kind:x", on: function, component: 0)
    let forward = builder.addForward("u", isUnion: true)
    let btf = try builder.build()
    #expect(btf.count == 9)
    #expect(btf.isBigEndian == isBigEndian)
    #expect(btf.type(0) == nil && btf.type(9) == nil)
    #expect(btf.type(int)?.integer?.isSigned == true && btf.type(int)?.integer?.bits == 32)
    #expect(btf.type(prototype)?.parameters == [.init("ctx", type: pointer), .init("", type: 0)])
    #expect(btf.type(function)?.linkage == .isStatic)
    #expect(btf.type(section)?.sectionVariables == [.init(variable, offset: 0, size: 4)])
    #expect(btf.type(tag)?.componentIndex == 0)
    #expect(btf.type(forward)?.kindFlag == true)
    #expect(btf.find("total")?.id == variable)
    #expect(btf.find("total", kinds: [.function]) == nil)
    #expect(btf.size(of: variable) == 4)
    #expect(BTFKind.allCases.count == 20)
  }

  @Test func splitBTFGoesOnWhereItsBaseEnds() throws {
    var builder = BTFBuilder()
    let int = builder.addInteger("int", size: 4, isSigned: true)
    let base = try builder.build()
    var split = BTFBuilder(base: base)
    let own = split.addStructure("own", size: 8, members: [.init("a", type: int, bitOffset: 0), .init("b", type: int, bitOffset: 32)])
    let btf = try split.build()
    #expect(own == 2)
    #expect(btf.type(int)?.name == "int")
    #expect(btf.type(own)?.name == "own")
    #expect(btf.type(own)?.members.map(\.name) == ["a", "b"])
    #expect(btf.find("int")?.id == int)
    #expect(btf.ownTypeIDs == 2..<3)
    #expect(try btf.value(of: [1, 0, 0, 0, 2, 0, 0, 0], as: own).json == #"{"a":1,"b":2}"#)
  }

  @Test func everyPrefixIsAnError() throws {
    let (btf, _, _) = try BTFValueTests.build(isBigEndian: false)
    for length in 0..<btf.bytes.count { #expect(throws: BTFError.self) { try BTF(bytes: Array(btf.bytes.prefix(length))) } }
  }
}
