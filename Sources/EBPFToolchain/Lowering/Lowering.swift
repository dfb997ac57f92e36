/// Rewrites what swiftc makes of a program in Swift into what clang's BPF back end takes: IR in, IR out, no system calls.
///
/// The input is the textual IR of `swiftc -target riscv64-none-none-eabi -enable-testing -Xfrontend -disable-llvm-optzns -emit-ir`. The same
/// input gives the same bytes.
public struct Lowering: Sendable {
  /// What is asked of it.
  public let options: LoweringOptions
  /// What the types of the module `Kernel` stand for, where the program imports it.
  private let kernel: KernelReferences?

  public init(_ options: LoweringOptions = LoweringOptions()) { self.init(options, kernel: nil) }

  init(_ options: LoweringOptions, kernel: KernelReferences?) {
    self.options = options
    self.kernel = kernel
  }

  /// The IR for `clang -target bpf -x ir`.
  ///
  /// - Throws: what the program says that cannot become eBPF. Text that is not IR as swiftc 6.3 writes it is an error without a place.
  public func lower(_ ir: [UInt8]) throws(LoweringError) -> [UInt8] { try lowerNamingGlobals(ir).ir }

  /// ``lower(_:)``, and the names that the program's globals had before, which are their types' as well.
  package func lowerNamingGlobals(_ ir: [UInt8]) throws(LoweringError) -> (ir: [UInt8], globals: [String]) {
    let module = try read(ir)
    let globals = module.globals.map { module.names[$0.name] }.filter { $0.hasPrefix("$e") && $0.hasSuffix("vp") }
    var unit = unit(module)
    try unit.lower()
    return (IRWriter.write(unit.module), globals)
  }

  /// The lowered module.
  package func module(_ ir: [UInt8]) throws(LoweringError) -> IRModule {
    var unit = unit(try read(ir))
    try unit.lower()
    return unit.module
  }

  private func unit(_ module: IRModule) -> LoweringUnit {
    var unit = LoweringUnit(module, options)
    unit.kernel = kernel.map { KernelDebugTypes(references: $0) }
    return unit
  }

  private func read(_ ir: [UInt8]) throws(LoweringError) -> IRModule {
    do {
      return try IRReader.read(ir, keepsDebugRecords: false)
    } catch {
      throw LoweringError(
        what: "the Swift compiler's output cannot be read: \(error)",
        instead: "use the toolchain of Swift 6.3, which this tool was made for")
    }
  }
}

extension LoweringUnit {
  /// The passes, in their order. Each has a file of its own.
  mutating func lower() throws(LoweringError) {
    findPrograms()
    try checkPrograms()
    try evaluateInitializers()
    markReachable()
    try checkInitializers()
    try checkLanguage()
    splitCalledPrograms()
    cleanSignatures()
    lowerPadding()
    try lowerLicense()
    try lowerKernelTypes()
    try lowerMaps()
    try lowerGlobals()
    lowerAtomics()
    lowerArithmetic()
    keepLoops()
    lowerResults()
    try lowerCallbacks()
    hideLoopConstants()
    keepContextStores()
    lowerInlining()
    dropReleasesOfNothing()
    try lowerTraps()
    declareKernelFunctions()
    try checkLicense()
    markReachable()
    nameSymbols()
    lowerDebugInformation()
    finish()
  }
}
