import EBPFBTF
import Testing

@Suite struct CDeclarationsTests {
  @Test func declarationsReadAsInC() throws {
    var builder = BTFBuilder()
    let int = builder.addInteger("int", size: 4, isSigned: true)
    let char = builder.addInteger("char", size: 1, isSigned: true)
    let constChar = builder.addModifier(.const, of: char)
    let text = builder.addPointer(to: constChar)
    let constText = builder.addModifier(.const, of: text)
    let table = builder.addArray(of: constText, count: 4, index: int)
    let matrix = builder.addArray(of: builder.addArray(of: int, count: 3, index: int), count: 2, index: int)
    let row = builder.addArray(of: int, count: 8, index: int)
    let rowPointer = builder.addPointer(to: row)
    let prototype = builder.addPrototype(result: text, parameters: [.init("n", type: int), .init("", type: 0)])
    let callback = builder.addPointer(to: prototype)
    let callbacks = builder.addArray(of: callback, count: 2, index: int)
    let empty = builder.addPrototype(result: 0, parameters: [])
    let nested = builder.addPointer(
      to: builder.addPrototype(result: callback, parameters: [.init("fn", type: builder.addPointer(to: empty))]))
    let tagged = builder.addPointer(to: builder.addTypeTag("rcu", of: int))
    let structure = builder.addStructure("flow", size: 4, members: [.init("a", type: int, bitOffset: 0)])
    let restrict = builder.addModifier(.restrict, of: builder.addPointer(to: structure))
    let btf = try builder.build()
    func declared(_ id: BTF.TypeID, _ name: String = "x") throws -> String { try btf.declaration(of: id, named: name) }
    #expect(try declared(int) == "int x")
    #expect(try declared(int, "") == "int")
    #expect(try declared(0, "") == "void")
    #expect(try declared(text) == "const char *x")
    #expect(try declared(constText) == "const char * const x")
    #expect(try declared(constText, "") == "const char * const")
    #expect(try declared(table) == "const char * const x[4]")
    #expect(try declared(matrix) == "int x[2][3]")
    #expect(try declared(rowPointer) == "int (*x)[8]")
    #expect(try declared(callback) == "const char * (*x)(int n, ...)")
    #expect(try declared(callbacks) == "const char * (*x[2])(int n, ...)")
    #expect(try declared(empty) == "void x(void)")
    #expect(try declared(nested) == "const char * (* (*x)(void (*fn)(void)))(int n, ...)")
    #expect(try declared(tagged) == "int __attribute__((btf_type_tag(\"rcu\"))) *x")
    #expect(try declared(restrict) == "struct flow * restrict x")
  }

  @Test("a member larger than any memory has no size, and is printed all the same")
  func enormousMembers() throws {
    var builder = BTFBuilder()
    let int = builder.addInteger("unsigned long", size: 8)
    let inner = builder.addArray(of: int, count: 0x7fff_ffff, index: int)
    let outer = builder.addArray(of: inner, count: 0x3fff_ffff, index: int)
    let structure = builder.addStructure(
      "huge", size: 64, members: [.init("a", type: outer, bitOffset: 0), .init("b", type: int, bitOffset: 256)])
    let btf = try builder.build()
    #expect(btf.size(of: inner) == 8 * 0x7fff_ffff)
    #expect(btf.size(of: outer) == nil)
    var declarations = CDeclarations(btf)
    try declarations.add(structure)
    #expect(declarations.text.contains("unsigned long a[1073741823][2147483647];"))
  }

  @Test func definitionsComeBeforeTheirUses() throws {
    var builder = BTFBuilder()
    let int = builder.addInteger("unsigned int", size: 4)
    let long = builder.addInteger("long long", size: 8, isSigned: true)
    // list holds a node by value, a node points to a list and to itself; their ids stand the wrong way round.
    let list = builder.addStructure(
      "list", size: 24, members: [.init("head", type: builder.nextID + 1, bitOffset: 0), .init("count", type: int, bitOffset: 128)])
    _ = builder.addStructure(
      "node", size: 16,
      members: [.init("next", type: builder.nextID + 1, bitOffset: 0), .init("owner", type: builder.nextID + 2, bitOffset: 64)])
    _ = builder.addPointer(to: list + 1)
    _ = builder.addPointer(to: list)
    let bits = builder.addStructure(
      "bits", size: 16,
      members: [
        .init("a", type: int, bitOffset: 0, bitFieldSize: 3), .init("b", type: int, bitOffset: 8, bitFieldSize: 4),
        .init("c", type: int, bitOffset: 64),
      ])
    let packed = builder.addStructure(
      "tight", size: 12, members: [.init("a", type: int, bitOffset: 0), .init("b", type: long, bitOffset: 32)])
    let choice = builder.addStructure("", isUnion: true, size: 4, members: [.init("n", type: int, bitOffset: 0)])
    let alias = builder.addTypedef("choice_t", of: choice)
    let color = builder.addEnumeration("color", isSigned: true, enumerators: [.init("RED", -1), .init("BLUE", 2)])
    let wide = builder.addEnumeration("wide", size: 8, enumerators: [.init("ALL", -1)])
    let again = builder.addStructure("bits", size: 4, members: [.init("x", type: int, bitOffset: 0)])
    let btf = try builder.build()
    #expect(
      try btf.definition(of: list)
        == """
        struct list;

        struct node {
        \tstruct node *next;
        \tstruct list *owner;
        };

        struct list {
        \tstruct node head;
        \tunsigned int count;
        };


        """)
    #expect(
      try btf.definition(of: bits) == """
        struct bits {
        \tunsigned int a: 3;
        \tchar: 5;
        \tunsigned int b: 4;
        \tlong: 0;
        \tunsigned int c;
        \tlong: 0;
        };


        """)
    #expect(
      try btf.definition(of: packed) == "struct tight {\n\tunsigned int a;\n\tlong long b;\n} __attribute__((packed));\n\n")
    #expect(try btf.definition(of: alias) == "typedef union {\n\tunsigned int n;\n} choice_t;\n\n")
    #expect(try btf.definition(of: color) == "enum color {\n\tRED = -1,\n\tBLUE = 2,\n};\n\n")
    #expect(try btf.definition(of: wide) == "enum wide {\n\tALL = 18446744073709551615ULL,\n};\n\n")
    var printer = CDeclarations(btf)
    try printer.addAll()
    #expect(printer.text.contains("struct bits___2 {\n\tunsigned int x;"))
    #expect(again > bits)
  }

  @Test func hostileTypesAreRefused() throws {
    var builder = BTFBuilder()
    let own = builder.addStructure("own", size: 4, members: [.init("a", type: 1, bitOffset: 0)])
    let loop = builder.addPointer(to: builder.nextID)
    let chain = builder.addTypedef("t", of: builder.nextID)
    var last = builder.addPrototype(result: 0, parameters: [])
    for _ in 0..<60 { last = builder.addPrototype(result: last, parameters: [.init("a", type: last), .init("b", type: last)]) }
    let btf = try builder.build()
    for id in [own, loop, chain, last] {
      #expect(throws: BTFError.self) { try btf.definition(of: id) }
    }
    #expect(throws: BTFError.self) { try btf.declaration(of: loop) }
    #expect(throws: BTFError.self) { try btf.declaration(of: last) }
  }
}
