// What an application needs, with one import.
@_exported import EBPFBTF
@_exported import EBPFCapture
@_exported import EBPFHost
@_exported import EBPFISA
@_exported import EBPFKernel
@_exported import EBPFObject
@_exported import EBPFRuntime
@_exported import EBPFTables
@_exported import EBPFToolchain
@_exported import EBPFTypes
