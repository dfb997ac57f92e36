import CBPF
import CEBPF
import EBPFHost
import EBPFTables

/// A program that is a function of this process: what the module `BPF` makes of a program's source in a native build.
///
/// Unchecked: the function is called on the thread that runs the program, as often and on as many threads as its owner says.
package final class NativeFunction: @unchecked Sendable {
  /// Given the address of the context; r0.
  let body: (UnsafeMutableRawPointer) -> UInt64

  init(_ body: @escaping (UnsafeMutableRawPointer) -> UInt64) { self.body = body }
}

/// What the runtime keeps of one run of a ``NativeFunction``, behind ``RunState/native``.
struct NativeState {
  /// Where ``cebpf_leave`` goes while a program runs.
  var landing: UnsafeMutableRawPointer?
  /// The program that a tail call goes on to: a ``NativeFunction``, unretained.
  var next: UnsafeRawPointer?
  /// Why the program cannot go on.
  var failure: HostError?
}

/// A run of a native function, with the table that CBPF's helpers go through.
struct NativeRun {
  private let function: UnsafeRawPointer
  private let state: UnsafeMutablePointer<RunState>

  private init(function: NativeFunction, state: UnsafeMutablePointer<RunState>) {
    self.function = UnsafeRawPointer(Unmanaged.passUnretained(function).toOpaque())
    self.state = state
  }

  /// Makes the calling thread one that runs programs of this environment, for the length of `body`.
  static func with<Result: ~Copyable, Failure: Error>(
    _ function: NativeFunction, _ environment: Environment, _ body: (NativeRun) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var native = NativeState()
    return try withUnsafeMutablePointer(to: &native) { (native) throws(Failure) -> Result in
      let state = runState(environment)
      state.pointee.native = native
      environment.pointee.call = callNative
      var host = NativeTable.host(environment)
      return try withUnsafePointer(to: &host) { (host) throws(Failure) -> Result in
        let before = cbpf_enter(host)
        defer { cbpf_leave(before) }
        return try body(NativeRun(function: function, state: state))
      }
    }
  }

  /// Runs the program once, and those that it goes on to.
  func run(_ context: UInt64) -> UInt64 {
    var call = Call(function: function, context: pointer(context))
    return withUnsafeMutablePointer(to: &call) { call in
      let native = state.pointee.native.unsafelyUnwrapped
      while true {
        let isLeft = cebpf_catch({ $0.assumingMemoryBound(to: Call.self).pointee.make() }, call, &native.pointee.landing)
        if isLeft == 0 { return call.pointee.answer }
        guard let next = native.pointee.next else { return 0 }
        native.pointee.next = nil
        call.pointee.function = next
      }
    }
  }

  /// One call of a function.
  private struct Call {
    var function: UnsafeRawPointer
    let context: UnsafeMutableRawPointer
    var answer: UInt64 = 0

    mutating func make() {
      let context = context
      answer = Unmanaged<NativeFunction>.fromOpaque(function)._withUnsafeGuaranteedRef { $0.body(context) }
    }
  }
}

extension NativeRun {
  /// Ends the program that runs: its run throws.
  static func stop(_ environment: Environment, _ failure: HostError) -> Never {
    let state = runState(environment)
    let native = state.pointee.native.unsafelyUnwrapped
    state.pointee.stopped = .native
    native.pointee.failure = failure
    leave(native)
  }

  /// Goes on to another program in place of the one that runs.
  static func goOn(_ environment: Environment, to function: UnsafeRawPointer) -> Never {
    let native = runState(environment).pointee.native.unsafelyUnwrapped
    native.pointee.next = function
    leave(native)
  }

  private static func leave(_ native: UnsafeMutablePointer<NativeState>) -> Never {
    guard let landing = native.pointee.landing else { fatalError("a helper was called for a program that does not run") }
    cebpf_leave(landing)
  }
}

/// A function of the program that a helper calls back.
struct NativeCallback {
  var body: @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer?) -> Int
  var argument: UnsafeMutableRawPointer?
}

/// ``ebpf_environment/call`` of native programs: the function's value is the address of a ``NativeCallback``, its arguments a map's key and value.
private func callNative(
  _ environment: UnsafeMutablePointer<ebpf_environment>, _ function: UInt64, _ map: UInt64, _ key: UInt64, _ value: UInt64, _ r4: UInt64,
  _ r5: UInt64
) -> UInt64 {
  let callback = pointer(function).assumingMemoryBound(to: NativeCallback.self).pointee
  return UInt64(bitPattern: Int64(callback.body(pointer(key), pointer(value), callback.argument)))
}
