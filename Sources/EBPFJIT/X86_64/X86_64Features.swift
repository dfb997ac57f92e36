/// Instructions that not every x86-64 processor has; code that uses them runs only where they are.
public struct X86_64Features: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// BMI2: shifts and rotations with three operands (CPUID leaf 7, EBX bit 8).
  public static let bmi2 = X86_64Features(rawValue: 1 << 0)
  /// MOVBE: loads and stores that swap bytes (CPUID leaf 1, ECX bit 22).
  public static let movbe = X86_64Features(rawValue: 1 << 1)
}
