public import ArgumentParser

/// The root of the command line.
public struct EBPFCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "ebpf",
    abstract: "Compile, verify, run and inspect eBPF programs, in this process or in the Linux kernel.",
    version: "0.1.0")

  public init() {}
}
