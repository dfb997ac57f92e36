import EBPFHost
import EBPFKernel
import EBPFObject
import Foundation
import Testing

/// How large the examples are beside their twins in C, and what the kernel says of those that only it can run.
@Suite struct ExamplesSizeTests {
  /// The instruction slots of an object: those of all executable sections.
  private func instructions(_ object: [UInt8]) throws -> Int {
    try ELFFile(bytes: object).sections.reduce(0) { $0 + ($1.isExecutable ? $1.range.count / 8 : 0) }
  }

  @Test func noExampleIsMuchLargerThanItsTwin() async throws {
    var product = 1.0
    for example in Example.all {
      let swift = try instructions(await example.compile(.swift))
      let c = try instructions(await example.compile(.c))
      try #require(swift > 0 && c > 0)
      let ratio = Double(swift) / Double(c)
      #expect(ratio <= 1.10, "\(example.folder): \(swift) instructions in Swift, \(c) in C")
      product *= ratio
    }
    let mean = pow(product, 1 / Double(Example.all.count))
    #expect(mean <= 1, "the geometric mean of Swift's size over C's is \(mean)")
  }

  @Test(arguments: Example.all) func bothTwinsHaveTheSameProgramsAndMaps(_ example: Example) async throws {
    let object = try await example.object(.swift)
    // Names differ as the languages' customs do; what a loader sees must not.
    let twin = try await example.object(.c)
    #expect(object.license == twin.license)
    #expect(object.programs.map(\.section).sorted() == twin.programs.map(\.section).sorted())
    let maps = object.maps.filter { $0.dataSection == nil }
    let others = twin.maps.filter { $0.dataSection == nil }
    try #require(maps.count == others.count)
    for map in maps {
      let other = try #require(others.first { plain($0.name) == plain(map.name) }, "the twin in C has no map '\(map.name)'")
      #expect(map.type == other.type && map.maxEntries == other.maxEntries && map.flags == other.flags, "\(map.name)")
      #expect(map.keySize == other.keySize && map.valueSize == other.valueSize, "\(map.name)")
    }
    // Texts in the code are variables whose names have dots.
    func variables(_ object: ObjectSpec) -> [String] {
      object.variables.filter { !$0.name.contains(".") }.map { "\(plain($0.name)) \($0.size)" }.sorted()
    }
    #expect(variables(object) == variables(twin))
  }

  @Test(.enabled(if: geteuid() == 0, "the kernel takes root"), arguments: Example.tracers, Example.Language.allCases)
  func theKernelAcceptsTheTracers(_ example: Example, _ language: Example.Language) async throws {
    let loaded = try KernelHost().load(await example.object(language))
    defer { loaded.close() }
    #expect(loaded.programs.count == loaded.object.programs.count && !loaded.programs.isEmpty)
  }
}

/// A name without the customs of its language: `queryTypes` and `query_types` are one.
func plain(_ name: String) -> String { name.replacing("_", with: "").lowercased() }
