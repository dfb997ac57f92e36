/// One source and how it is compiled: the compiler's arguments.
struct CompileJob {
  let path: String
  let options: CompileOptions
  /// The folder of this project's headers.
  let headers: String
  /// The folder of the header in front of the system's `linux/bpf.h`.
  var linux: String?
  /// The folder of `vmlinux.h`, where a source asks for it.
  var kernelTypes: String?

  init(path: String, options: CompileOptions, headers: String) {
    self.path = path
    self.options = options
    self.headers = headers
  }

  /// The arguments; what is made goes to standard output.
  var arguments: [String] {
    var result = ["-target", "bpf", "-mcpu=\(options.cpu)", "-g", "-O2", "-fno-stack-protector"]
    result.append(options.colors ? "-fcolor-diagnostics" : "-fno-color-diagnostics")
    if let machine = SystemHeaders.machine, !namesMachine { result.append("-D__TARGET_ARCH_\(machine)") }
    result += options.defines.map { "-D\($0)" }
    result += options.includes.map { "-I\($0)" }
    result += options.arguments
    // As system folders: searched behind all of -I, and silent about themselves.
    for folder in [headers, linux, kernelTypes].compactMap({ $0 }) {
      result += ["-isystem", folder, "-ffile-prefix-map=\(folder)=/swift-ebpf"]
    }
    for folder in SystemHeaders.folders { result += ["-idirafter", folder] }
    let made =
      switch options.output {
      case .object: ["-c"]
      case .assembly: ["-S"]
      case .intermediate: ["-S", "-emit-llvm"]
      }
    return result + made + ["-o", "-", "--", path]
  }

  /// Whether the caller says which machine the program is for.
  private var namesMachine: Bool {
    options.defines.contains { $0.hasPrefix("__TARGET_ARCH_") } || options.arguments.contains { $0.contains("__TARGET_ARCH_") }
  }

  /// Whether the headers are the system's own, and not another's below a root that the caller names.
  var usesSystemHeaders: Bool {
    !options.arguments.contains { $0.hasPrefix("--sysroot") || $0 == "-isysroot" || $0 == "-nostdinc" || $0 == "-nostdlibinc" }
  }

  /// Whether a source names `vmlinux.h` and none lies where the compiler would look first. (An include of an include shows later.)
  func asksForKernelTypes(_ source: [UInt8]) -> Bool {
    guard source.firstRange(of: Array("vmlinux.h".utf8)) != nil else { return false }
    let beside = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    var folders = [beside] + options.includes
    for (index, argument) in options.arguments.enumerated() {
      if argument == "-I", index + 1 < options.arguments.count { folders.append(options.arguments[index + 1]) }
      if argument.hasPrefix("-I"), argument.count > 2 { folders.append(String(argument.dropFirst(2))) }
    }
    return !folders.contains { FileSystem.exists("\($0)/vmlinux.h") }
  }
}
