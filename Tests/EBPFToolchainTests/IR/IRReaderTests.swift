import EBPFToolchain
import Testing

/// Reading and writing LLVM's textual IR.
@Suite struct IRReaderTests {
  /// The tokens of a text without comments and white space.
  static func tokens(_ text: [UInt8]) -> [String] {
    var result: [String] = []
    var index = 0
    func isWord(_ byte: UInt8) -> Bool {
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
        || [0x5f, 0x2e, 0x24, 0x2d].contains(byte)
    }
    while index < text.count {
      let start = index
      switch text[index] {
      case 0x20, 0x0a, 0x09: index += 1
      case 0x3b: while index < text.count, text[index] != 0x0a { index += 1 }
      case 0x22:
        index += 1
        while text[index] != 0x22 { index += 1 }
        index += 1
        result.append(String(decoding: text[start..<index], as: UTF8.self))
      case let byte where isWord(byte):
        while index < text.count, isWord(text[index]) { index += 1 }
        result.append(String(decoding: text[start..<index], as: UTF8.self))
      default:
        index += 1
        result.append(String(decoding: text[start..<index], as: UTF8.self))
      }
    }
    return result
  }

  private func roundTrip(_ text: String) throws -> String {
    String(decoding: IRWriter.write(try IRReader.read(Array(text.utf8))), as: UTF8.self)
  }

  @Test(arguments: [
    "%T = type <{ i8, { i32, ptr }, [4 x %U], <2 x float>, <vscale x 4 x i32>, void (ptr, ...), ptr addrspace(3) }>",
    "%T = type opaque",
    "%\"a b\" = type {}",
    "@g = external global i32",
    "@g = private unnamed_addr constant [3 x i8] c\"a\\22\\00\", section \"x,y\", comdat, align 16, !dbg !3",
    "@g = linkonce_odr protected global <{ ptr, i64 }> <{ ptr @f, i64 ptrtoint (ptr @g to i64) }>, align 8",
    "@g = global ptr getelementptr inbounds nuw (%T, ptr @h, i32 0, i32 1), align 8",
    "@g = thread_local(initialexec) global i128 170141183460469231731687303715884105727, no_sanitize_address, align 16",
    "@a = hidden alias i8, ptr @g",
    "source_filename = \"a.swift\"",
    "target triple = \"riscv64-none-none-eabi\"",
    "$group = comdat any",
    "attributes #3 = { nounwind memory(argmem: readwrite) \"a\"=\"b\" \"c\" allockind(\"alloc\") }",
    "!llvm.module.flags = !{!1, !2}",
    "!7 = distinct !DISubprogram(name: \"f\", scope: !1, line: 3, spFlags: DISPFlagDefinition | DISPFlagOptimized, type: null)",
    "!8 = !{!\"text\", i64 -4, null, !9, ptr @g, !DIExpression(DW_OP_plus_uconst, 8), !{!1}}",
    "!9 = !DIEnumerator(name: \"big\", value: 18446744073709551615, isUnsigned: true)",
    "declare !dbg !4 noundef signext i32 @f(ptr noundef captures(none) dereferenceable(8), i64 immarg, ...) local_unnamed_addr #2",
    "define internal i32 @f(ptr noalias sret(%T) align 8 %0, i32 signext %x) #0 section \"xdp\" align 8 !dbg !4 {\nentry:\n  ret i32 %x\n}",
  ])
  func aLineIsWrittenAsItIsRead(text: String) throws {
    #expect(Self.tokens(Array(try roundTrip(text).utf8)) == Self.tokens(Array(text.utf8)))
  }

  @Test(arguments: [
    "%1 = alloca i8, i64 4, align 4",
    "%1 = load atomic volatile i64, ptr %p syncscope(\"singlethread\") acquire, align 8, !dbg !3, !tbaa !4",
    "store atomic i32 7, ptr @g seq_cst, align 4",
    "%1 = getelementptr inbounds nuw %T, ptr %p, i32 0, i32 2, !dbg !3",
    "%1 = add nuw nsw i64 %a, -1",
    "%1 = icmp samesign ult ptr %a, null",
    "%1 = fcmp olt double %a, 0x3FF0000000000000",
    "%1 = zext nneg i32 %a to i64",
    "%1 = select i1 true, ptr %a, ptr undef",
    "%1 = phi i64 [ 0, %a ], [ %x, %b ], !dbg !3",
    "%1 = extractvalue { i64, i1 } %a, 1, !dbg !2",
    "%1 = insertvalue { i64, { i8, i1 } } poison, i1 false, 1, 1",
    "%1 = atomicrmw volatile add ptr %p, i64 1 monotonic, align 8",
    "%1 = cmpxchg weak ptr %p, i64 0, i64 1 acq_rel monotonic, align 8",
    "fence syncscope(\"singlethread\") seq_cst",
    "%1 = tail call fastcc noundef nonnull align 8 ptr @f(ptr noundef %a, i32 signext -3, metadata !DIExpression()) #4, !dbg !3",
    "%1 = call i64 (ptr, ...) %f(ptr byval(%T) align 8 %a)",
    "call void asm sideeffect \"nop $0\", \"n,~{memory}\"(i32 3)",
    "%1 = call ptr inttoptr (i64 1 to ptr)(ptr @m, ptr %k)",
    "br i1 %c, label %a, label %b, !prof !9",
    "switch i8 %x, label %a [\n    i8 1, label %b\n    i8 -2, label %c\n  ], !dbg !3",
    "indirectbr ptr %a, [label %b, label %c]",
    "callbr void asm sideeffect \"may_goto ${0:l}\", \"!i\"()\n          to label %a [label %b], !dbg !3, !srcloc !7",
    "call void @llvm.assume(i1 true) [ \"align\"(ptr %p, i64 8) ]",
    "#dbg_value(ptr %x, !7, !DIExpression(DW_OP_deref), !8)",
    "%1 = va_arg ptr %a, i32",
    "%1 = freeze i32 %a",
    "%1 = shufflevector <2 x i32> %a, <2 x i32> poison, <2 x i32> <i32 1, i32 0>",
    "unreachable, !dbg !3",
  ])
  func anInstructionIsWrittenAsItIsRead(text: String) throws {
    let function = "define void @f() {\n0:\n  \(text)\n\n\"a b\":\n  ret void\n}"
    #expect(Self.tokens(Array(try roundTrip(function).utf8)) == Self.tokens(Array(function.utf8)))
    let module = try IRReader.read(Array(function.utf8))
    #expect(module.functions[0].blocks.map(\.instructions.count) == [1, 1])
  }

  @Test func whatIsReadHasItsParts() throws {
    let module = try IRReader.read(
      Array("define i32 @f(i32 %x) {\nentry:\n  %y = call signext i32 @g(i32 signext %x, ptr @h) #1, !dbg !7\n  ret i32 %y\n}".utf8))
    let call = module.functions[0].blocks[0].instructions[0]
    #expect(call.opcode == .call)
    #expect(module.names[call.result] == "y")
    #expect(call.calledSymbol.map { module.names[$0] } == "g")
    #expect(call.type == .i32)
    #expect(call.operands.map(\.type) == [.i32, .pointer])
    #expect(module.words(call.operands[0].attributes) == ["signext"])
    #expect(module.words(call.modifiers) == ["signext"])
    #expect(module.words(call.trailing) == ["#1"])
    #expect(call.location == 7)
    var globals: [String] = []
    module.forEachGlobal(in: call) { globals.append(module.names[$0]) }
    #expect(globals == ["g", "h"])
  }

  @Test(arguments: [
    ("\n\ndefine i32 @f(", 3, "a type"), ("@g = global i32 ?", 1, "\"?\""), ("!1 = 7", 1, "metadata node"), ("hello", 1, "\"hello\""),
    ("%T = type [4 i8]", 1, "\"x\""), ("@g = global i8 \"", 1, "does not end"),
  ])
  func whatIsNoIRIsAnErrorWithItsLine(text: String, line: Int, message: String) {
    do {
      _ = try IRReader.read(Array(text.utf8))
      Issue.record("no error for \(text)")
    } catch {
      #expect(error.line == line)
      #expect(error.message.contains(message), "\(error)")
    }
  }

  @Test func debugRecordsMayBeLeftOut() throws {
    let text = Array("define void @f() {\n  #dbg_value(i32 0, !1, !DIExpression(), !2)\n  ret void\n}".utf8)
    #expect(try IRReader.read(text).functions[0].blocks[0].instructions.count == 2)
    #expect(try IRReader.read(text, keepsDebugRecords: false).functions[0].blocks[0].instructions.count == 1)
  }

  @Test func layoutsAreThoseOfTheTarget() throws {
    let module = try IRReader.read(
      Array("%A = type { i8, i32, i16 }\n%B = type <{ i8, %A, ptr }>\n%C = type { [3 x i1], i128 }".utf8))
    let layouts = module.types.definitions.compactMap { module.types.layout($0) }
    #expect(layouts.map(\.size) == [12, 21, 32])
    #expect(layouts.map(\.alignment) == [4, 1, 16])
    #expect(module.types.offset(of: 2, in: module.types.definitions[0]) == 8)
  }
}
