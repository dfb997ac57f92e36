import EBPFISA
import Testing

@Suite struct ProgramBuilderTests {
  @Test func jumpsForwardAndBack() throws {
    var code = ProgramBuilder()
    let (loop, out, function) = (code.label(), code.label(), code.label())
    code.emit(.mov64(.r1, 5))
    code.place(loop)
    code.jump(.eq, .r1, 0, to: out)
    code.emit(.add64(.r1, -1))
    code.goto(loop)
    code.place(out)
    code.call(function)
    code.emit(.exit)
    code.place(function)
    code.function(.r2, function)
    code.emit(.exit)
    #expect(
      try code.finish() == [
        .mov64(.r1, 5), .jump(.eq, .r1, 0, 2), .add64(.r1, -1), .goto(-3), .callLocal(1), .exit,
      ] + Instruction.function(.r2, -1) + [.exit])
  }

  @Test func longJumps() throws {
    var code = ProgramBuilder()
    let out = code.label()
    code.goto(out)
    code.emit(Array(repeating: .mov64(.r0, 0), count: 40000))
    code.place(out)
    code.emit(.exit)
    #expect(try code.finish()[0] == .gotoLong(40000))
  }

  @Test func errors() {
    var code = ProgramBuilder()
    let label = code.label()
    code.emit(.exit)
    code.jump(.eq, .r1, 0, to: label)
    let unplaced = code
    #expect(throws: ProgramBuilder.Failure.unplacedLabel(slot: 1)) { try unplaced.finish() }
    code.emit(Array(repeating: .exit, count: 33000))
    code.place(label)
    let long = code
    #expect(throws: ProgramBuilder.Failure.distanceTooLong(slot: 1, distance: 33000)) { try long.finish() }
  }
}
