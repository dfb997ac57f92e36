import EBPFTables
import Testing

@Suite struct ContextLayoutTests {
  @Test func xdp() throws {
    let layout = try #require(ContextLayout.find(.xdp, attachType: .xdp))
    #expect(layout.structName == "xdp_md")
    #expect(layout.load(at: 0, size: 4) == .packet)
    #expect(layout.load(at: 4, size: 4) == .packetEnd)
    #expect(layout.load(at: 8, size: 4) == .packetMeta)
    #expect(layout.load(at: 12, size: 4) == .scalar)
    #expect(layout.load(at: 0, size: 8) == nil)
    #expect(layout.load(at: 2, size: 4) == nil)
    #expect(layout.load(at: 20, size: 4) == nil)
    #expect(ContextLayout.find(.xdp, attachType: .xdpDevmap)?.load(at: 20, size: 4) == .scalar)
    #expect(layout.field(at: 5)?.name == "data_end")
    #expect(layout.resultRange == nil)
  }

  @Test func skBuffDependsOnTheProgram() throws {
    let socket = try #require(ContextLayout.find(.socketFilter))
    let classifier = try #require(ContextLayout.find(.schedCls))
    #expect(socket.load(at: 76, size: 4) == nil)
    #expect(classifier.load(at: 76, size: 4) == .packet)
    #expect(socket.load(at: 1, size: 1) == .scalar)
    #expect(socket.load(at: 168, size: 8) == .socketCommonOrNull)
    #expect(classifier.canStore(at: 8, size: 4))
    #expect(!socket.canStore(at: 8, size: 4))
    #expect(socket.canStore(at: 48, size: 8))
    #expect(classifier.fields.count > 30)
    #expect(classifier.structSize == 192)
  }

  @Test func attachTypeAndPrivilege() {
    #expect(ContextLayout.find(.cgroupSkb, attachType: .cgroupInetEgress)?.resultRange == 0...3)
    #expect(ContextLayout.find(.cgroupSkb, attachType: .cgroupInetIngress)?.resultRange == 0...1)
    #expect(ContextLayout.find(.cgroupSkb, privilege: .perfmon)?.load(at: 76, size: 4) == .packet)
    #expect(ContextLayout.find(.cgroupSkb, privilege: .none)?.load(at: 76, size: 4) == nil)
    #expect(ContextLayout.find(.xdp, privilege: .bpf)?.load(at: 0, size: 4) == .packet)
    #expect(ContextLayout.find(.cgroupSockAddr, attachType: .cgroupUdp4Recvmsg)?.resultRange == 1...1)
    #expect(ContextLayout.find(.cgroupSockAddr, attachType: .xdp) == nil)
    #expect(ContextLayout.find(.tracing, attachType: .traceFentry)?.resultRange == 0...0)
    #expect(ContextLayout.find(.lsm, attachType: .lsmMac)?.resultRange == -4095...0)
  }

  @Test func oddQuestionsHaveAnAnswer() throws {
    let layout = try #require(ContextLayout.find(.syscall))
    #expect(layout.load(at: -1, size: 4) == nil)
    #expect(layout.load(at: .max, size: 8) == nil)
    #expect(layout.load(at: .min, size: .max) == nil)
    #expect(layout.load(at: 0, size: 0) == nil)
    #expect(layout.load(at: 0, size: 3) == nil)
    #expect(layout.load(at: 65528, size: 4) == .scalar)
    #expect(layout.load(at: 65534, size: 1) == .scalar)
    #expect(layout.load(at: 65535, size: 1) == nil)
    #expect(layout.canStore(at: 40000, size: 8))
    #expect(ContextLayout.find(ProgramType(rawValue: 99)) == nil)
    #expect(ContextLayout.find(.xdp, attachType: AttachType(rawValue: .max)) == nil)
    #expect(ContextLayout.find(.tracepoint)?.load(at: 8, size: 8) == .scalar)
    #expect(ContextLayout.find(.tracepoint)?.load(at: 0, size: 8) == nil)
  }
}
