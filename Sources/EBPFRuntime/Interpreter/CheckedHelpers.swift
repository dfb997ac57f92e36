extension CheckedInterpreter {
  func checkArguments(of number: UInt32, _ slot: Int) throws(Fault) {}
  func noteResult(of number: UInt32, arguments: (UInt64, UInt64, UInt64, UInt64, UInt64), result: UInt64) {}
}
