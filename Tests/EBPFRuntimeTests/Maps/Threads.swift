import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs `body` in so many threads at the same time, each with its number, and waits for all; throws the first error of any.
///
/// Threads of the system's own, as a pool would run only as many as there are processors.
func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  final class Work: Sendable {
    let number: Int
    let body: @Sendable (Int) throws -> Void
    let error = Mutex<(any Error)?>(nil)
    init(_ number: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
      self.number = number
      self.body = body
    }
  }
  let works = (0..<count).map { Work($0, body) }
  var threads: [pthread_t] = []
  for work in works {
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    let error = pthread_create(
      &thread, nil,
      { argument in
        #if canImport(Darwin)
        let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
        #else
        let work = Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
        #endif
        do { try work.body(work.number) } catch { work.error.withLock { $0 = error } }
        return nil
      }, Unmanaged.passRetained(work).toOpaque())
    precondition(error == 0, "no thread: errno \(error)")
    #if canImport(Darwin)
    threads.append(thread!)
    #else
    threads.append(thread)
    #endif
  }
  for thread in threads { pthread_join(thread, nil) }
  for work in works {
    if let error = work.error.withLock({ $0 }) { throw error }
  }
}
