@_exported import EBPFHost
@_exported import EBPFKernel
@_exported import EBPFObject
@_exported import EBPFRuntime
@_exported import EBPFToolchain
@_exported import EBPFTypes
