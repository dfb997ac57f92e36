internal import EBPFISA

/// How deep calls nest, and how much stack they take together (`check_max_stack_depth`).
struct StackDepth {
  let program: ProgramModel
  /// Each function's stack, as the search found it.
  let functions: [FunctionModel]

  struct Problem: Error {
    var text: String
  }

  /// Follows every chain of calls from the first function, and from each that was proved on its own.
  func check() throws(Problem) {
    var callees: [[(slot: Int, function: Int)]] = Array(repeating: [], count: functions.count)
    for slot in 0..<program.count where program.instructions[slot].isLocalCall || program.instructions[slot].isFunctionConstant {
      callees[program.function(at: slot)].append((slot, program.target(ofCallAt: slot)))
    }
    var budget = 200_000
    try follow(0, depth: 0, frames: 1, isInCallback: false, callees, &budget)
  }

  private func follow(
    _ function: Int, depth: Int, frames: Int, isInCallback: Bool, _ callees: [[(slot: Int, function: Int)]], _ budget: inout Int
  ) throws(Problem) {
    budget -= 1
    let model = functions[function]
    let isInCallback = isInCallback || model.isCallback
    guard budget > 0 else { throw Problem(text: "too many chains of calls") }
    if model.hasPacketLoad, isInCallback { throw Problem(text: "cannot use BPF_LD_[ABS|IND] within callback") }
    if function > 0, model.hasTailCall, depth >= 256 {
      throw Problem(text: "tail_calls are not allowed when call stack of previous frames is \(depth) bytes. Too large")
    }
    let total = depth + (model.keptStackDepth + 15) / 16 * 16
    if total > Limits.stackSize { throw Problem(text: "combined stack size of \(frames) calls is \(total). Too large") }
    for (_, callee) in callees[function] {
      if frames >= Limits.callFrames { throw Problem(text: "the call stack of \(frames) frames is too deep !") }
      try follow(callee, depth: total, frames: frames + 1, isInCallback: isInCallback, callees, &budget)
    }
  }
}
