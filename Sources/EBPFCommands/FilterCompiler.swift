import EBPFCapture
import EBPFISA
import Subprocess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Compiles filter expressions (`pcap-filter(7)`) to classic BPF exactly as `tcpdump -r` does: with libpcap, which is opened when it is needed,
/// or else with tcpdump itself.
///
/// What an expression means depends on the savefile that it is applied to, its link type and byte order, so both are given the header of one.
package struct FilterCompiler: Sendable {
  /// The names under which libpcap is looked for; none: only tcpdump is asked.
  package var libraries: [String]
  /// The program that stands in for libpcap, found on the path.
  package var tcpdump: String

  package init(libraries: [String] = Self.usualLibraries, tcpdump: String = "tcpdump") {
    self.libraries = libraries
    self.tcpdump = tcpdump
  }

  #if canImport(Darwin)
  package static let usualLibraries = ["/usr/lib/libpcap.A.dylib", "libpcap.dylib"]
  #else
  // Debian's name for version 1 of the library keeps the number of its first interface.
  package static let usualLibraries = ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so"]
  #endif

  /// Who compiled an expression.
  package enum Compiler: String, Sendable {
    case libpcap
    case tcpdump
  }

  /// Compiles an expression for packets of an interface.
  func compile(_ expression: String, for interface: CaptureInterface) async throws -> ClassicProgram {
    let text = try await compile(expression, savefileHeader: Self.savefileHeader(interface)).decimalText
    do throws(ClassicError) { return try ClassicProgram(decimalText: text) } catch {
      throw CommandFailure("'\(expression)': tcpdump -ddd printed what is no program: \(error)")
    }
  }

  /// Compiles an expression for packets of a savefile that begins with these 24 bytes.
  /// - Returns: the program as `tcpdump -ddd` prints it, and who made it.
  package func compile(
    _ expression: String, savefileHeader header: [UInt8]
  ) async throws -> (decimalText: String, compiler: Compiler) {
    if let library = Libpcap(libraries) { return (try library.compile(expression, header: header).decimalText, .libpcap) }
    return (try await compileWithTcpdump(expression, header: header), .tcpdump)
  }

  /// The header of a savefile of the interface's packets (`pcap-savefile(5)`), in the byte order in which it wrote them.
  private static func savefileHeader(_ interface: CaptureInterface) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: UInt32, _ count: Int) {
      let digits = (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
      bytes += interface.byteOrder == .little ? digits : digits.reversed()
    }
    append(0xa1b2_c3d4, 4)
    append(2, 2)
    append(4, 2)
    append(0, 4)
    append(0, 4)
    append(interface.snapLength, 4)
    append(UInt32(interface.linkType.rawValue), 4)
    return bytes
  }

  private func compileWithTcpdump(_ expression: String, header: [UInt8]) async throws -> String {
    do {
      let result = try await Subprocess.run(
        .name(tcpdump), arguments: ["-r", "-", "-ddd", "--", expression], input: .array(header), output: .string(limit: 1 << 24),
        error: .string(limit: 1 << 16))
      guard result.terminationStatus.isSuccess else {
        // Its last line is the error; the others say what it reads.
        let line = result.standardError.split(separator: "\n").last.map(String.init) ?? "it ended with \(result.terminationStatus)"
        throw CommandFailure("'\(expression)': \(line)")
      }
      return result.standardOutput
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(
        """
        a filter expression needs libpcap or tcpdump, and neither is here: install Debian's package libpcap0.8 or tcpdump, \
        or compile the filter elsewhere with 'tcpdump -ddd' and give it with --ddd FILE
        """)
    }
  }
}

/// The functions of libpcap that compile an expression (`pcap_compile(3PCAP)`), from a library that was opened at run time.
private struct Libpcap {
  private typealias OpenOffline = @convention(c) (UnsafeMutablePointer<FILE>, UnsafeMutablePointer<CChar>) -> OpaquePointer?
  private typealias Compile =
    @convention(c) (
      OpaquePointer, UnsafeMutableRawPointer, UnsafePointer<CChar>, Int32, UInt32
    ) -> Int32
  private typealias GetError = @convention(c) (OpaquePointer) -> UnsafePointer<CChar>?
  private typealias FreeCode = @convention(c) (UnsafeMutableRawPointer) -> Void
  private typealias Close = @convention(c) (OpaquePointer) -> Void

  /// `struct bpf_program`.
  private struct BPFProgram {
    var count: UInt32 = 0
    var instructions: UnsafeRawPointer?
  }

  private let openOffline: OpenOffline
  private let compileText: Compile
  private let getError: GetError
  private let freeCode: FreeCode
  private let close: Close

  /// Opens the first of the libraries that is there and has what is needed. It stays open: libpcap keeps state of its own.
  init?(_ names: [String]) {
    for name in names {
      guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
      guard let openOffline = dlsym(library, "pcap_fopen_offline"), let compile = dlsym(library, "pcap_compile"),
        let getError = dlsym(library, "pcap_geterr"), let freeCode = dlsym(library, "pcap_freecode"),
        let close = dlsym(library, "pcap_close")
      else { continue }
      self.openOffline = unsafeBitCast(openOffline, to: OpenOffline.self)
      self.compileText = unsafeBitCast(compile, to: Compile.self)
      self.getError = unsafeBitCast(getError, to: GetError.self)
      self.freeCode = unsafeBitCast(freeCode, to: FreeCode.self)
      self.close = unsafeBitCast(close, to: Close.self)
      return
    }
    return nil
  }

  /// Compiles an expression, optimized, for packets of a savefile with that header.
  func compile(_ expression: String, header: [UInt8]) throws -> ClassicProgram {
    // The handle reads the header when it is opened, and nothing afterwards.
    var header = header
    let size = header.count
    return try header.withUnsafeMutableBytes { header in
      guard let file = fmemopen(header.baseAddress, size, "r") else {
        throw CommandFailure("fmemopen: \(Files.reason(errno))")
      }
      // PCAP_ERRBUF_SIZE is 256.
      var message = [CChar](repeating: 0, count: 512)
      guard let handle = openOffline(file, &message) else {
        fclose(file)
        throw CommandFailure("libpcap: \(Self.text(message))")
      }
      defer { close(handle) }
      var program = BPFProgram()
      // As tcpdump: optimized, and with the netmask 0 that savefiles have.
      guard compileText(handle, &program, expression, 1, 0) == 0 else {
        let reason = getError(handle).map { String(cString: $0) } ?? "unknown error"
        throw CommandFailure("'\(expression)': \(reason)")
      }
      defer { freeCode(&program) }
      let bytes = UnsafeRawBufferPointer(start: program.instructions, count: Int(program.count) * 8)
      #if _endian(little)
      let order = ByteOrder.little
      #else
      let order = ByteOrder.big
      #endif
      guard let instructions = ClassicInstruction.decode(bytes, byteOrder: order) else {
        throw CommandFailure("'\(expression)': libpcap gave no program")
      }
      return ClassicProgram(instructions)
    }
  }

  private static func text(_ bytes: [CChar]) -> String {
    String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
