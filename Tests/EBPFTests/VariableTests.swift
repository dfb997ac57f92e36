import EBPF
import Testing

/// Global variables before and after an object is loaded, on both hosts.
@Suite struct VariableTests {
  @Test(arguments: SampleHost.all) func settingsAreWhatProgramsFind(_ host: SampleHost) async throws {
    var object = try await SampleProgram.object()
    #expect(object.variables["targetPort"]?.value(as: UInt16.self) == 80)
    let before = object
    object.variables["targetPort"]?.set(443 as UInt16)
    object.variables["networkPort"]?.set(443 as Port)
    // A section of zeroes has no contents before.
    object.variables["seen"]?.set(40 as UInt64)
    object.variables["step"]?.set(2 as UInt32)
    object.variables["nothing"]?.set(1 as UInt8)
    #expect(object.variables["targetPort"]?.value(as: UInt16.self) == 443 && object.variables["small"]?.value(as: UInt8.self) == 0)
    #expect(before.variables["targetPort"]?.value(as: UInt16.self) == 80)
    #expect(object.variables.map(\.name) == before.variables.map(\.name))

    let loaded = try host.load(object)
    defer { loaded.close() }
    #expect(try loaded.filter() == 1)
    #expect(try loaded.variable("seen", as: UInt64.self).value == 42)
    let plain = try host.load(before)
    defer { plain.close() }
    #expect(try plain.filter() == 2 && plain.variable("seen", as: UInt64.self).value == 1)
  }

  @Test(arguments: SampleHost.all) func programsAndApplicationShareThem(_ host: SampleHost) async throws {
    let loaded = try host.load(await SampleProgram.object())
    defer { loaded.close() }
    let step = try loaded.variable("step", as: UInt32.self)
    let seen = try #require(loaded.variables["seen"])
    try loaded.filter()
    try step.set(10)
    try loaded.filter()
    #expect(try seen.value(as: UInt64.self) == 11 && seen.decoded == .unsigned(11))
    try seen.set(100 as UInt64)
    try loaded.variables["small"]?.set(255 as UInt8)
    try loaded.filter()
    #expect(try seen.bytes == [110, 0, 0, 0, 0, 0, 0, 0])
    #expect(try loaded.variables["small"]?.value(as: UInt8.self) == 255)

    // Constants are read, and refuse to change.
    #expect(try loaded.variable("networkPort", as: Port.self).value == 80)
    do {
      try loaded.variable("targetPort", as: UInt16.self).set(1)
      Issue.record("a constant was changed")
    } catch { #expect(error.errno == 1, "\(error)") }
    #expect(try loaded.variable("targetPort", as: UInt16.self).value == 80)
  }

  @Test func valuesThatDoNotFitAreRefused() async throws {
    var object = try await SampleProgram.object()
    object.variables["targetPort"]?.set(443)
    #expect(object.variables["targetPort"]?.value(as: UInt16.self) == 80)
    for host in SampleHost.all {
      let error = message { _ = try host.load(object) }
      #expect(error.contains("'targetPort'") && error.contains("2 bytes") && error.contains("Int has 8"), "\(error)")
    }
    object.variables["targetPort"]?.set(443 as UInt16)
    try UserspaceHost().load(object).close()

    let inOrder = message { try object.setVariable("networkPort", to: 443 as UInt16) }
    #expect(inOrder.contains("Port") && inOrder.contains("network byte order"), "\(inOrder)")
    let missing = message { try object.setVariable("targetport", to: 443 as UInt16) }
    #expect(missing.contains("'targetport'") && missing.contains("targetPort"), "\(missing)")
    try object.setVariable("networkPort", to: 443 as Port)

    let loaded = try UserspaceHost().load(object)
    defer { loaded.close() }
    #expect(try loaded.filter() == 1)
    #expect(message { _ = try loaded.variable("networkPort", as: UInt16.self) }.contains("network byte order"))
    #expect(message { _ = try loaded.variable("seen", as: UInt32.self) }.contains("8 bytes"))
    #expect(message { _ = try loaded.variable("gone", as: UInt32.self) }.contains("seen"))
  }
}
