import EBPFKernel
import Testing

extension Trait where Self == ConditionTrait {
  /// The test runs where this process may load programs into the kernel; elsewhere it is skipped and says what is missing.
  static var needsKernel: Self {
    .enabled(if: KernelHost.unavailability == nil, Comment(rawValue: KernelHost.unavailability ?? ""))
  }
}
