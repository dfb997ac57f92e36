import ArgumentParser
import EBPFCommands

EBPFCommand.main()
