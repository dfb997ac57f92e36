import EBPFObject
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the kernel asks of a map's definition before it makes one: `map_create` in `kernel/bpf/syscall.c` and each type's
/// `map_alloc_check`, with their errno.
enum MapLimits {
  /// `KMALLOC_MAX_SIZE`, which bounds elements.
  static let largestElement = 4 << 20
  /// `PCPU_MIN_UNIT_SIZE`, which bounds a value of which every processor has one.
  static let largestPerCPUValue = 32 << 10
  /// `sizeof(struct htab_elem)`
  static let hashElementHeader = 48
  /// `LPM_VAL_SIZE_MAX`: what is left of an element beside the longest key and `sizeof(struct lpm_trie_node)`.
  static let largestTrieValue = largestElement - 256 - 40

  private static let access: MapFlags = [.readOnly, .writeOnly, .readOnlyProgram, .writeOnlyProgram]

  /// 0, or the errno with which the kernel refuses the definition.
  static func check(_ spec: MapSpec) -> Int32 {
    for size in [spec.keySize, spec.valueSize, spec.maxEntries] where UInt32(exactly: size) == nil { return EINVAL }
    if spec.flags.isSuperset(of: [.readOnly, .writeOnly]) || spec.flags.isSuperset(of: [.readOnlyProgram, .writeOnlyProgram]) {
      return EINVAL
    }
    if spec.extra != 0 { return EINVAL }
    // One memory node is all that this host knows.
    if spec.flags.contains(.numaNode), spec.numaNode ?? 0 != 0 { return EINVAL }
    switch spec.type {
    case .array, .percpuArray: return checkArray(spec)
    case .progArray, .arrayOfMaps, .perfEventArray:
      if spec.valueSize != 4 || !spec.flags.isDisjoint(with: [.readOnlyProgram, .writeOnlyProgram]) { return EINVAL }
      return checkArray(spec)
    case .hash, .percpuHash, .lruHash, .lruPercpuHash: return checkHash(spec)
    case .hashOfMaps: return spec.valueSize != 4 ? EINVAL : checkHash(spec)
    case .lpmTrie: return checkTrie(spec)
    case .queue, .stack: return checkQueue(spec)
    case .ringbuf: return checkRingBuffer(spec)
    case .devmap, .devmapHash, .cpumap, .xskmap: return checkRedirectMap(spec)
    default: return EINVAL
    }
  }

  private static func checkArray(_ spec: MapSpec) -> Int32 {
    let isPerCPU = spec.type == .percpuArray
    let allowed = access.union([.numaNode, .mmapable, .innerMap])
    guard spec.maxEntries > 0, spec.keySize == 4, spec.valueSize > 0, allowed.isSuperset(of: spec.flags) else { return EINVAL }
    if isPerCPU, spec.flags.contains(.numaNode) { return EINVAL }
    if spec.type != .array, !spec.flags.isDisjoint(with: [.mmapable, .innerMap]) { return EINVAL }
    if spec.valueSize > Int(Int32.max) { return E2BIG }
    if isPerCPU, roundedToWord(spec.valueSize) > largestPerCPUValue { return E2BIG }
    return 0
  }

  private static func checkHash(_ spec: MapSpec) -> Int32 {
    let isLRU = spec.type == .lruHash || spec.type == .lruPercpuHash
    let isPerCPU = spec.type == .percpuHash || spec.type == .lruPercpuHash
    let allowed = access.union([.noPreallocation, .noCommonLRU, .numaNode, .zeroSeed])
    guard allowed.isSuperset(of: spec.flags) else { return EINVAL }
    if !isLRU, spec.flags.contains(.noCommonLRU) { return EINVAL }
    if isLRU, spec.flags.contains(.noPreallocation) { return notSupported }
    if spec.flags.contains(.numaNode), isPerCPU || spec.flags.contains(.noCommonLRU) { return EINVAL }
    guard spec.maxEntries > 0, spec.keySize > 0, spec.valueSize > 0 else { return EINVAL }
    if spec.keySize + spec.valueSize >= largestElement - hashElementHeader { return E2BIG }
    if isPerCPU, roundedToWord(spec.valueSize) > largestPerCPUValue { return E2BIG }
    // Buckets of 16 bytes must be counted in 32 bits.
    if spec.maxEntries > 1 << 27 { return E2BIG }
    return 0
  }

  private static func checkTrie(_ spec: MapSpec) -> Int32 {
    let allowed = access.union([.noPreallocation, .numaNode])
    guard spec.maxEntries > 0, spec.flags.contains(.noPreallocation), allowed.isSuperset(of: spec.flags) else { return EINVAL }
    guard (5...260).contains(spec.keySize), (1...largestTrieValue).contains(spec.valueSize) else { return EINVAL }
    return 0
  }

  private static func checkQueue(_ spec: MapSpec) -> Int32 {
    guard spec.maxEntries > 0, spec.keySize == 0, spec.valueSize > 0, access.union(.numaNode).isSuperset(of: spec.flags) else {
      return EINVAL
    }
    if spec.valueSize > largestElement { return E2BIG }
    if spec.maxEntries >= Int(UInt32.max) / spec.valueSize { return E2BIG }
    return 0
  }

  private static func checkRingBuffer(_ spec: MapSpec) -> Int32 {
    let size = spec.maxEntries
    guard spec.flags.subtracting(.numaNode).isEmpty, spec.keySize == 0, spec.valueSize == 0 else { return EINVAL }
    guard size > 0, size & (size - 1) == 0, size % RingBuffer.pageSize == 0 else { return EINVAL }
    return 0
  }

  /// Targets of `bpf_redirect_map`: a number, and for devices and processors maybe a program.
  private static func checkRedirectMap(_ spec: MapSpec) -> Int32 {
    let allowed: MapFlags = spec.type == .cpumap ? .numaNode : [.numaNode, .readOnly, .writeOnly]
    guard spec.maxEntries > 0, spec.keySize == 4, allowed.isSuperset(of: spec.flags) else { return EINVAL }
    guard spec.valueSize == 4 || spec.valueSize == 8 && spec.type != .xskmap else { return EINVAL }
    // `NR_CPUS`, as large as x86 kernels are built for.
    if spec.type == .cpumap, spec.maxEntries > 8192 { return E2BIG }
    if spec.type == .devmapHash, spec.maxEntries > 1 << 31 { return EINVAL }
    return 0
  }
}
