import EBPFToolchain
import Testing

/// What swiftc writes, read and written again.
@Suite struct IRRoundTripTests {
  static let sources = [
    """
    let flows = HashMap<UInt64, UInt64>(maxEntries: 64)
    @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 {
      guard let value = flows[UInt64(ctx.queue)] else { return 2 }
      value.pointee += 1
      return 1
    }
    """,
    """
    enum Shape { case square(UInt32), circle(UInt64), none }
    struct Pair<First, Second> { var first: First, second: Second }
    func area(_ shape: Shape) -> UInt64 {
      switch shape {
      case .square(let side): UInt64(side) * UInt64(side)
      case .circle(let radius): radius * 3
      case .none: 0
      }
    }
    let table: InlineArray<8, UInt16> = [1, 2, 3, 4, 5, 6, 7, 8]
    var last: Pair<UInt8, UInt64?> = Pair(first: 1, second: nil)
    @section("tc") @used func prog(_ ctx: TCContext) -> Int32 {
      last = Pair(first: UInt8(truncatingIfNeeded: ctx.queue), second: area(.square(ctx.queue)))
      return Int32(table[Int(ctx.queue & 7)]) + Int32(truncatingIfNeeded: last.second ?? 0)
    }
    """,
    """
    var total: UInt64 = 0
    @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 {
      _ = loop(10) { total &+= relaxed_add(&total, UInt64($0)); return $0 > 4 }
      while may_goto() != 0 { total += 1 }
      let text: StaticString = "text"
      return Int32(text.utf8CodeUnitCount) + Int32(text.utf8Start[1])
    }
    """,
  ]

  @Test(arguments: sources) func theTokensAreTheSame(source: String) throws {
    let text = try SwiftSupport.ir(source)
    let again = IRWriter.write(try IRReader.read(text))
    #expect(IRReaderTests.tokens(again) == IRReaderTests.tokens(text))
    #expect(IRWriter.write(try IRReader.read(again)) == again)
  }

  /// The object of the text that was read and written is that of the text, byte for byte.
  /// (The last of them has an instruction of eBPF in it.)
  @Test(arguments: sources.dropLast()) func theObjectIsTheSame(source: String) throws {
    let text = try SwiftSupport.ir(source)
    let arguments = ["-target", "riscv64-none-none-eabi", "-O1"]
    let object = try SwiftSupport.assemble(text, arguments)
    #expect(try SwiftSupport.assemble(IRWriter.write(try IRReader.read(text)), arguments) == object)
  }
}
