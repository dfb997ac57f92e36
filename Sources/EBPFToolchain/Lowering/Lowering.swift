/// Rewrites what swiftc makes of a program in Swift into what clang's BPF back end takes: IR in, IR out, no system calls.
///
/// The input is the textual IR of `swiftc -target riscv64-none-none-eabi -enable-testing -Xfrontend -disable-llvm-optzns -emit-ir`. The same
/// input gives the same bytes.
public struct Lowering: Sendable {
  public let options: LoweringOptions

  public init(_ options: LoweringOptions = LoweringOptions()) { self.options = options }

  /// The IR for `clang -target bpf -x ir`.
  ///
  /// - Throws: what the program says that cannot become eBPF. Text that is not IR as swiftc 6.3 writes it is an error without a place.
  public func lower(_ ir: [UInt8]) throws(LoweringError) -> [UInt8] {
    IRWriter.write(try module(ir))
  }

  /// The lowered module.
  package func module(_ ir: [UInt8]) throws(LoweringError) -> IRModule {
    let module: IRModule
    do {
      module = try IRReader.read(ir, keepsDebugRecords: false)
    } catch {
      throw LoweringError(
        what: "the Swift compiler's output cannot be read: \(error)",
        instead: "use the toolchain of Swift 6.3, which this tool was made for")
    }
    var unit = LoweringUnit(module, options)
    try unit.lower()
    return unit.module
  }
}

extension LoweringUnit {
  /// The passes, in their order. Each has a file of its own.
  mutating func lower() throws(LoweringError) {
    try findPrograms()
    try evaluateInitializers()
    markReachable()
    try checkInitializers()
    try checkLanguage()
    splitCalledPrograms()
    cleanSignatures()
    lowerPadding()
    try lowerLicense()
    try lowerMaps()
    try lowerGlobals()
    lowerAtomics()
    lowerArithmetic()
    keepLoops()
    lowerResults()
    try lowerCallbacks()
    lowerInlining()
    try lowerTraps()
    declareKernelFunctions()
    try checkLicense()
    markReachable()
    nameSymbols()
    lowerDebugInformation()
    finish()
  }
}
