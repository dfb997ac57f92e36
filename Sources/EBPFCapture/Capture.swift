/// A packet capture, in memory.
public struct Capture: Sendable {
}
