import EBPFBTF
import EBPFCapture
import EBPFISA
import EBPFObject

/// An ELF object: read it, and look at all that came out of it.
func fuzzObject(_ input: [UInt8]) -> CInt {
  guard let object = try? ObjectSpec(bytes: input) else { return 0 }
  let disassembler = Disassembler()
  for program in object.programs {
    for slot in program.instructions.indices { _ = program.line(at: slot) }
    // An object of a few bytes can share one function among many programs; their text is the same.
    if program.instructions.count < 4096 { _ = disassembler.source(program.instructions) }
    for reference in program.references { check(object.externs.indices.contains(reference.extern), "a reference to no extern") }
    for function in program.functions { check(program.instructions.indices.contains(function.start), "a function outside its program") }
  }
  for variable in object.variables {
    check(object.maps.indices.contains(variable.map), "variable \(variable.name) is in map \(variable.map)")
  }
  if let btf = object.btf { lookAt(btf) }
  return 0
}

/// A BTF blob.
func fuzzBTF(_ input: [UInt8]) -> CInt {
  guard let btf = try? BTF(bytes: input) else { return 0 }
  lookAt(btf)
  return 0
}

/// Types, their sizes, their declarations and values of them.
private func lookAt(_ btf: BTF) {
  let zeros = [UInt8](repeating: 0xa5, count: 256)
  for id in btf.ownTypeIDs.prefix(2000) {
    _ = btf.type(id)
    _ = btf.resolve(id)
    let size = btf.size(of: id)
    _ = btf.alignment(of: id)
    if let size, size <= zeros.count, let value = try? btf.value(of: Array(zeros.prefix(size)), as: id) {
      _ = value.json
      _ = value.text
    }
  }
  var declarations = CDeclarations(btf)
  _ = try? declarations.addAll()
}

/// A pcap or pcapng file: read it, and write it again; reading that gives the same packets.
func fuzzCapture(_ input: [UInt8]) -> CInt {
  guard let capture = try? Capture(bytes: input) else { return 0 }
  var writer = CaptureWriter(like: capture)
  for packet in capture.packets {
    _ = capture.timestamp(of: packet)
    _ = capture.linkType(of: packet)
    writer.append(packet)
  }
  do {
    let again = try Capture(bytes: writer.bytes)
    check(again.packets.count == capture.packets.count, "\(capture.packets.count) packets were written, \(again.packets.count) read")
    for (one, other) in zip(capture.packets, again.packets) {
      check(capture.data(of: one) == again.data(of: other), "a packet changed on its way")
    }
  } catch {
    check(false, "what was written cannot be read: \(error)")
  }
  return 0
}
