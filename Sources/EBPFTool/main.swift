import EBPFCommands

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

exit(await EBPFCommand.execute(Array(CommandLine.arguments.dropFirst())))
