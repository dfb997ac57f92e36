public import EBPFHost
public import EBPFObject

/// The running Linux kernel, through bpf(2).
public struct KernelHost: Host {
  public init() {}

  public var name: String { "kernel" }

  public func load(_ object: ObjectSpec, options: LoadOptions) throws(HostError) -> Loaded {
    throw HostError(.unsupported, "not yet")
  }
}
