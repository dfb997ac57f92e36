/// The sources of one program module and how they are compiled: the arguments of both compilers.
struct SwiftCompileJob {
  /// The sources, in the caller's order.
  let paths: [String]
  let options: CompileOptions
  let modules: SwiftModules
  /// Folders with modules made for these sources alone, `Kernel` for one.
  var importFolders: [String] = []

  /// The arguments of `swiftc`: sources to intermediate code on standard output.
  ///
  /// `-enable-testing` keeps variables that only the application reads.
  var frontArguments: [String] {
    var result =
      SwiftModules.commonArguments + [
        "-g", "-enable-testing", "-Xfrontend", "-disable-llvm-optzns", "-swift-version", "5", "-module-name", moduleName, "-package-name",
        moduleName,
      ]
    result.append(options.colors ? "-color-diagnostics" : "-no-color-diagnostics")
    result += modules.importArguments
    for folder in importFolders + options.includes { result += ["-I", folder] }
    for define in options.defines {
      // NAME alone is a condition of `#if`; with a value only C can read it.
      if !define.utf8.contains(UInt8(ascii: "=")) { result += ["-D", define] }
      result += ["-Xcc", "-D\(define)"]
    }
    return result + options.arguments + ["-emit-ir", "-o", "-", "--"] + paths
  }

  /// The arguments of clang: lowered intermediate code on standard input to what is asked for on standard output.
  ///
  /// `-disable-lsr`: a loop's index stays one number. Made a pointer that goes along, it would no longer be the number whose bounds were checked.
  func backArguments(emitting output: CompileOptions.Output) -> [String] {
    [
      "-target", "bpf", "-mcpu=\(options.cpu)", "-O2", "-x", "ir", "-Wno-override-module", "-Xclang", "-fno-split-cold-code", "-mllvm",
      "-disable-lsr",
      options.colors ? "-fcolor-diagnostics" : "-fno-color-diagnostics", output == .assembly ? "-S" : "-c", "-o", "-", "-",
    ]
  }

  /// The module's name, which shows in no object: the first source's, as far as it makes one.
  private var moduleName: String {
    let file = paths[0].split(separator: "/").last ?? "program"
    let word = (file.split(separator: ".").first ?? file).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    let name = String(word)
    let isTaken = ["BPF", "CBPF", "EBPFTypes", "Kernel", "Swift", "Builtin", "main"].contains(name)
    return isTaken || name.first?.isLetter != true ? "program_\(name)" : name
  }
}
