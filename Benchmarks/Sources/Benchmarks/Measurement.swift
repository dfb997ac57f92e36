import Foundation

/// Nanoseconds of CPU time that this thread has used.
@inline(__always)
func threadTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// What one thing took in several batches that were taken in turns with those of its peers.
struct Samples {
  private(set) var values: [Double] = []

  mutating func add(_ value: Double) { values.append(value) }

  var best: Double { values.min() ?? .nan }
  var median: Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// The geometric mean.
func geometricMean(_ values: [Double]) -> Double {
  values.isEmpty ? .nan : exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
}

/// The number of runs that take about `nanoseconds` together. `run` runs a thing so many times and answers the nanoseconds of one run.
func batchSize(nanoseconds: Double, _ run: (Int) throws -> Double) rethrows -> Int {
  var count = 1
  while true {
    let each = try run(count)
    let total = each * Double(count)
    if total > nanoseconds / 8 { return max(1, Int(nanoseconds / max(each, 0.1))) }
    count *= 8
  }
}

/// Takes `rounds` batches of each thing, in turns, so that what else the machine does hits all of them alike.
/// - Returns: nanoseconds a run, in the order of `things`.
func interleaved(rounds: Int, batchNanoseconds: Double, _ things: [(Int) throws -> Double]) throws -> [Samples] {
  let sizes = try things.map { try batchSize(nanoseconds: batchNanoseconds, $0) }
  var samples = [Samples](repeating: Samples(), count: things.count)
  for _ in 0..<rounds {
    for index in things.indices { samples[index].add(try things[index](sizes[index])) }
  }
  return samples
}

/// Times a closure that is run over and over.
@inline(__always)
func timed(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = threadTime()
  for _ in 0..<count { try body() }
  return (threadTime() - start) / Double(count)
}

/// Why a benchmark could not be run.
struct BenchmarkError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
