import EBPFBTF
import EBPFISA
import EBPFObject
import Testing

/// Bit-fields, pointers of other sizes and instructions that clang does not make, on types made by hand.
@Suite struct COREBitFieldTests {
  /// A program of one instruction for each kind of relocation of field 0 of the local type.
  private func object(_ local: BTF, _ root: BTF.TypeID, _ kinds: [CORERelocation.Kind], isBigEndian: Bool) -> ObjectSpec {
    // The shift to the right is checked also for bit-fields: it follows from the number of bits, here 1.
    let code = kinds.map { Instruction(opcode: Opcode.alu64 | Opcode.mov, destination: 0, immediate: $0 == .fieldRightShift ? 63 : 0) }
    let relocations = kinds.enumerated().map { CORERelocation(slot: $0, typeID: root, access: "0:0", kind: $1) }
    return ObjectSpec(
      programs: [ProgramSpec(name: "p", instructions: code, coreRelocations: relocations)], btf: local,
      byteOrder: isBigEndian ? .big : .little)
  }

  /// The local type is a bit-field too, so that what the instruction holds is not checked.
  private func local(isBigEndian: Bool) throws -> (BTF, BTF.TypeID) {
    var builder = BTFBuilder(isBigEndian: isBigEndian)
    let int = builder.addInteger("unsigned int", size: 4)
    let root = builder.addStructure("s", size: 4, members: [.init("f", type: int, bitOffset: 0, bitFieldSize: 1)])
    return (try builder.build(), root)
  }

  /// Reads bits as a machine of that byte order counts them: from the lowest bit of the first byte, or from the highest.
  private func bits(_ bytes: [UInt8], _ offset: Int, _ count: Int, isBigEndian: Bool) -> UInt64 {
    var value: UInt64 = 0
    for number in 0..<count {
      let place = offset + number
      let bit = UInt64(bytes[place / 8] >> UInt8(isBigEndian ? 7 - place % 8 : place % 8) & 1)
      value |= bit << UInt64(isBigEndian ? count - 1 - number : number)
    }
    return value
  }

  /// What a program gets that loads, shifts to the left and to the right as the relocations say is the field, wherever it stands.
  @Test(arguments: [false, true])
  func whatIsLoadedAndShiftedIsTheField(isBigEndian: Bool) throws {
    let (btf, root) = try local(isBigEndian: isBigEndian)
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
    var random = COREFixture.Random(state: seed)
    var read = 0
    for _ in 0..<2000 {
      let unit = [1, 2, 4, 8].randomElement(using: &random)!
      let width = Int.random(in: 1...8 * unit, using: &random)
      let place = Int.random(in: 0...180, using: &random)
      let isSigned = Bool.random(using: &random)
      var builder = BTFBuilder(isBigEndian: isBigEndian)
      let int = builder.addInteger("number", size: unit, isSigned: isSigned)
      _ = builder.addStructure("s", size: 64, members: [.init("f", type: int, bitOffset: place, bitFieldSize: width)])
      let object = object(
        btf, root, [.fieldByteOffset, .fieldByteSize, .fieldLeftShift, .fieldRightShift, .fieldSigned], isBigEndian: isBigEndian)
      let target = TargetTypes(try builder.build())
      guard let result = try? object.relocated(against: target) else {
        // Only a field across two loads of 8 bytes cannot be read.
        #expect(place / 64 != (place + width - 1) / 64, "seed \(seed): \(width) bits at \(place)")
        continue
      }
      let values = COREFixture.values(result).map { Int($0!) }
      let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
      var loaded: UInt64 = 0
      for index in 0..<values[1] {
        let shift = isBigEndian ? values[1] - 1 - index : index
        loaded |= UInt64(bytes[values[0] + index]) << UInt64(8 * shift)
      }
      #expect(values[0] % values[1] == 0)
      let shifted = (loaded << UInt64(values[2])) >> UInt64(values[3])
      #expect(
        shifted == bits(bytes, place, width, isBigEndian: isBigEndian), "seed \(seed): \(width) bits at \(place) in units of \(unit)")
      #expect(values[4] == (isSigned ? 1 : 0))
      read += 1
    }
    #expect(read > 1000)
  }

  @Test func pointersOfA32BitKernel() throws {
    var here = BTFBuilder()
    let pointer = here.addPointer(to: 0)
    let root = here.addStructure("s", size: 8, members: [.init("p", type: pointer, bitOffset: 0)])
    let load = Instruction(opcode: Opcode.ldx | Opcode.mem | Opcode.dw, destination: 0, source: 1)
    var program = ProgramSpec(name: "p", instructions: [load])
    program.coreRelocations = [CORERelocation(slot: 0, typeID: root, access: "0:0", kind: .fieldByteOffset)]
    let object = ObjectSpec(programs: [program], btf: try here.build())

    var there = BTFBuilder()
    _ = there.addInteger("long unsigned int", size: 4)
    let small = there.addPointer(to: 0)
    _ = there.addStructure("s", size: 12, members: [.init("p", type: small, bitOffset: 64)])
    let result = try object.relocated(against: TargetTypes(try there.build()))
    #expect(
      result.programs[0].instructions == [Instruction(opcode: Opcode.ldx | Opcode.mem | Opcode.w, destination: 0, source: 1, offset: 8)])
  }

  @Test func instructionsOfAnotherFormAreRefused() throws {
    var builder = BTFBuilder()
    let int = builder.addInteger("int", size: 4)
    let root = builder.addStructure("s", size: 8, members: [.init("f", type: int, bitOffset: 32)])
    let types = try builder.build()
    func refusal(_ code: [Instruction], _ kind: CORERelocation.Kind = .fieldByteOffset, access: String = "0:0", typeID: BTF.TypeID? = nil)
      -> String
    {
      var program = ProgramSpec(name: "p", instructions: code)
      program.coreRelocations = [CORERelocation(slot: 0, typeID: typeID ?? root, access: access, kind: kind)]
      return COREFixture.refusal(ObjectSpec(programs: [program], btf: types), TargetTypes(types)) ?? "applied"
    }
    let add = Instruction(opcode: Opcode.alu64 | Opcode.add, destination: 1, immediate: 4)
    #expect(refusal([add]) == "applied")
    #expect(refusal([Instruction(opcode: Opcode.alu64 | Opcode.add, destination: 1, immediate: 5)]).contains("do not belong together"))
    #expect(
      refusal([Instruction(opcode: Opcode.alu64 | Opcode.add | Opcode.x, destination: 1)]).contains(
        "is not one that a relocation can change"))
    #expect(refusal([Instruction(opcode: Opcode.exitProgram)]).contains("is not one that a relocation can change"))
    let wide = Instruction(opcode: Opcode.loadImmediate64, destination: 1, immediate: 4)
    #expect(refusal([wide, Instruction(bits: 0)]) == "applied")
    #expect(refusal([wide]).contains("is not one that a relocation can change"))
    #expect(refusal([Instruction(opcode: Opcode.loadImmediate64, source: 1), Instruction(bits: 0)]).contains("is not one"))
    #expect(refusal([add], access: "").contains("is not a list of numbers"))
    #expect(refusal([add], access: "0:7").contains("has no member number 7"))
    #expect(refusal([add], access: "0:-1").contains("is not a list of numbers"))
    #expect(refusal([add], access: "0:0:0").contains("has no parts"))
    #expect(refusal([add], .typeSize, access: "1").contains("is not '0'"))
    #expect(refusal([add], .enumeratorValue, access: "0").contains("names no enumerator"))
    #expect(refusal([add], CORERelocation.Kind(rawValue: 13)).contains("13 is not known"))
    #expect(refusal([add], typeID: 99).contains("no type [99]"))
    #expect(refusal([add], access: Array(repeating: "0", count: 65).joined(separator: ":")).contains("too long"))
  }

  @Test func namesWithoutFlavours() {
    let names = [
      "task_struct": "task_struct", "task_struct___old": "task_struct", "a___b___c": "a___b", "a____b": "a____b", "___a": "___a",
      "a___": "a___",
      "a___b_": "a", "": "", "x___y": "x", "a__b": "a__b",
    ]
    for (name, essential) in names { #expect(BTF.essentialName(name) == essential) }
  }
}
