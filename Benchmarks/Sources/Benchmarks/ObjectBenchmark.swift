import EBPFObject
import Foundation

/// Reading an object: time and memory. One object to a process, because the peak of a process never falls.
struct ObjectBenchmark {
  var path: String
  var rounds: Int

  func run() throws {
    let before = Self.peak()
    let bytes = try bytes(of: path)
    let read = Self.peak()
    var samples = Samples()
    samples.add(try timed(1) { _ = try ObjectSpec(bytes: bytes, name: path) })
    let after = Self.peak()
    let first = samples.median
    for _ in 0..<rounds { samples.add(try timed(1) { _ = try ObjectSpec(bytes: bytes, name: path) }) }
    let object = try ObjectSpec(bytes: bytes, name: path)
    print("Reading an object of \(bytes.count) bytes: \(object.programs.count) programs, \(object.maps.count) maps\n")
    var table = Table(["first ms", "median ms", "peak MB at start", "with the bytes", "with the object"])
    table.add([text(first / 1e6, 2), text(samples.median / 1e6, 2), text(before, 1), text(read, 1), text(after, 1)])
    print(table.printed() + "\n")
  }

  /// The most memory that this process has had, in MB.
  private static func peak() -> Double {
    var usage = rusage()
    #if os(Linux)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
    #else
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1_048_576
    #endif
  }
}

/// How long a command takes to start and end, by the wall clock and in CPU time, against a command that does nothing.
struct StartBenchmark {
  var command: [String]
  var rounds: Int

  func run() throws {
    let commands = [command, ["/bin/true"]]
    var wall = [Samples(), Samples()]
    var processor = [Samples(), Samples()]
    for _ in 0..<rounds {
      for index in commands.indices {
        wall[index].add(try wallTime { processor[index].add(try start(commands[index])) })
      }
    }
    var table = Table(["start of", "wall median ms", "wall best", "CPU median", "CPU best"])
    for index in commands.indices {
      let times = [wall[index].median, wall[index].best, processor[index].median, processor[index].best]
      table.add([commands[index].joined(separator: " ")] + times.map { text($0 / 1e6, 2) })
    }
    print(table.printed() + "\n")
  }

  private func wallTime(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return Double((ContinuousClock.now - start).components.attoseconds) / 1e9
  }

  /// Runs the command to its end.
  /// - Returns: the nanoseconds of CPU time that it took.
  private func start(_ command: [String]) throws -> Double {
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var process: pid_t = 0
    guard posix_spawn(&process, command[0], &actions, nil, &arguments, environ) == 0 else {
      throw BenchmarkError("\(command[0]) cannot be started")
    }
    var status: Int32 = 0
    var usage = rusage()
    wait4(process, &status, 0, &usage)
    guard status == 0 else { throw BenchmarkError("\(command[0]) failed") }
    let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    return seconds * 1e9 + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3
  }
}
