public import EBPFHost
public import EBPFObject

/// The virtual machine in this process: no privileges, no kernel.
public struct UserspaceHost: Host {
  public init() {}

  public var name: String { "userspace" }

  public func load(_ object: ObjectSpec, options: LoadOptions) throws(HostError) -> Loaded {
    throw HostError(.unsupported, "not yet")
  }
}
