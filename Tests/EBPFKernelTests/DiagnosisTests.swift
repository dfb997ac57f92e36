import EBPFKernel
import Testing

@Suite struct DiagnosisTests {
  @Test func namesTheCapabilityThatIsMissing() {
    var diagnosis = Diagnosis()
    diagnosis.unprivilegedDisabled = 2
    let reason = diagnosis.reasonForEPERM([.bpf, .netAdmin])
    #expect(reason.contains("lacks CAP_BPF and CAP_NET_ADMIN"))
    #expect(reason.contains("kernel.unprivileged_bpf_disabled is 2"))
    #expect(reason.contains("setcap cap_bpf,cap_net_admin+ep"))
    #expect(!reason.contains("memlock"))
  }

  @Test func sysAdminStandsForTheOthers() {
    var diagnosis = Diagnosis()
    diagnosis.capabilities = 1 << 21
    diagnosis.lockdown = "integrity"
    #expect(diagnosis.reasonForEPERM([.bpf, .perfmon]).contains("policy of this kernel"))
    #expect(diagnosis.reasonForEPERM().contains("lockdown is 'integrity'"))
  }

  @Test func suspectsSeccompWhereTheCapabilitiesAreThere() {
    var diagnosis = Diagnosis()
    diagnosis.capabilities = 1 << 39
    diagnosis.hasSeccompFilter = true
    #expect(diagnosis.reasonForEPERM([.bpf]).contains("seccomp"))
    #expect(diagnosis.reasonForEPERM([.bpf, .perfmon]).contains("lacks CAP_PERFMON"))
  }

  @Test func readsListsOfProcessors() {
    #expect(Processors.count(list: "0-1\n") == 2)
    #expect(Processors.count(list: "0") == 1)
    #expect(Processors.count(list: "0-3,7,12-15\n") == 16)
    #expect(Processors.count(list: "") == nil)
    #expect(Processors.count(list: "x-") == nil)
  }
}
