import Foundation

/// The toolchain's `sourcekit-lsp`, driven over its protocol (Language Server Protocol 3.17: JSON-RPC behind a header with its length).
final class LanguageServer {
  struct Failure: Error, CustomStringConvertible { var description: String }

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var received: [UInt8] = []
  private var lastID = 0
  /// No answer takes longer, on a busy machine either.
  private let deadline = Date(timeIntervalSinceNow: 120)

  /// Beside the compiler; `nil` where the toolchain has none.
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment
    var compilers = [environment["EBPF_SWIFTC"]].compactMap { $0 }
    compilers += (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/swiftc" }
    for compiler in compilers where FileManager.default.isExecutableFile(atPath: compiler) {
      for one in [compiler, URL(fileURLWithPath: compiler).resolvingSymlinksInPath().path] {
        let server = URL(fileURLWithPath: one).deletingLastPathComponent().appendingPathComponent("sourcekit-lsp").path
        if FileManager.default.isExecutableFile(atPath: server) { return server }
      }
    }
    return nil
  }()

  /// Starts the server on a folder, which has a `compile_commands.json`.
  init(_ path: String, folder: String) throws {
    process.executableURL = URL(fileURLWithPath: path)
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    _ = try request(
      "initialize",
      [
        "processId": Int(ProcessInfo.processInfo.processIdentifier), "rootUri": "file://\(folder)", "capabilities": [String: Any](),
        "initializationOptions": ["backgroundIndexing": false],
      ])
    try notify("initialized", [:])
  }

  deinit {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
  }

  /// Ends the server as the protocol says.
  /// - Returns: its exit status.
  func stop() throws -> Int32 {
    _ = try request("shutdown", nil)
    try notify("exit", nil)
    while process.isRunning {
      guard Date() < deadline else { throw Failure(description: "sourcekit-lsp does not end") }
      usleep(10_000)
    }
    return process.terminationStatus
  }

  /// Opens a document with this text.
  func open(_ file: String, _ text: String) throws {
    try notify(
      "textDocument/didOpen",
      ["textDocument": ["uri": "file://\(file)", "languageId": "swift", "version": 1, "text": text] as [String: Any]])
  }

  /// Gives an open document another text.
  func change(_ file: String, _ text: String, version: Int) throws {
    try notify(
      "textDocument/didChange",
      ["textDocument": ["uri": "file://\(file)", "version": version] as [String: Any], "contentChanges": [["text": text]]])
  }

  /// What can be written behind the first `mark` of the document, its last character included: labels and their details.
  func completions(_ file: String, _ text: String, behind mark: String) throws -> [String: String] {
    guard let range = text.range(of: mark) else { throw Failure(description: "no '\(mark)' in the document") }
    let before = text[..<range.upperBound].split(separator: "\n", omittingEmptySubsequences: false)
    let position = ["line": before.count - 1, "character": before.last?.utf16.count ?? 0]
    let result = try request("textDocument/completion", ["textDocument": ["uri": "file://\(file)"], "position": position])
    let items = (result as? [String: Any])?["items"] as? [[String: Any]] ?? result as? [[String: Any]] ?? []
    return Dictionary(
      items.compactMap { item in (item["label"] as? String).map { ($0, item["detail"] as? String ?? "") } },
      uniquingKeysWith: { first, _ in first })
  }

  /// A problem of a document.
  struct Diagnostic: Equatable {
    var line: Int
    var message: String
  }

  /// The document's problems, in order; lines from 1.
  func diagnostics(_ file: String) throws -> [Diagnostic] {
    let result = try request("textDocument/diagnostic", ["textDocument": ["uri": "file://\(file)"]])
    guard let items = (result as? [String: Any])?["items"] as? [[String: Any]] else {
      throw Failure(description: "no diagnostics: \(String(describing: result))")
    }
    return items.map { item in
      let start = (item["range"] as? [String: Any])?["start"] as? [String: Any]
      return Diagnostic(line: (start?["line"] as? Int ?? -1) + 1, message: item["message"] as? String ?? "")
    }
  }

  // MARK: The protocol

  private func notify(_ method: String, _ parameters: [String: Any]?) throws {
    try send(["method": method, "params": parameters ?? NSNull()])
  }

  private func request(_ method: String, _ parameters: [String: Any]?) throws -> Any? {
    lastID += 1
    try send(["id": lastID, "method": method, "params": parameters ?? NSNull()])
    while true {
      let message = try receive()
      if message["method"] != nil {
        // What the server asks in turn (to register capabilities, to show progress) is granted.
        if let id = message["id"] { try send(["id": id, "result": NSNull()]) }
      } else if message["id"] as? Int == lastID {
        if let error = message["error"] { throw Failure(description: "\(method): \(error)") }
        return message["result"]
      }
    }
  }

  private func send(_ message: [String: Any]) throws {
    var message = message
    message["jsonrpc"] = "2.0"
    let body = try JSONSerialization.data(withJSONObject: message)
    try input.fileHandleForWriting.write(contentsOf: Data("Content-Length: \(body.count)\r\n\r\n".utf8) + body)
  }

  private func receive() throws -> [String: Any] {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let header = received.firstRange(of: end) {
        let lines = String(decoding: received[..<header.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard let line = lines.first(where: { $0.lowercased().hasPrefix("content-length:") }),
          let count = Int(line.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces))
        else { throw Failure(description: "a header without a length: \(lines)") }
        if received.count >= header.upperBound + count {
          let body = Data(received[header.upperBound..<header.upperBound + count])
          received.removeFirst(header.upperBound + count)
          return try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
        }
      }
      try fill()
    }
  }

  /// Reads what there is, waiting for it until the deadline.
  private func fill() throws {
    let handle = output.fileHandleForReading.fileDescriptor
    var wanted = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
    let left = max(0, deadline.timeIntervalSinceNow)
    guard poll(&wanted, 1, Int32(left * 1000)) > 0 else { throw Failure(description: "sourcekit-lsp does not answer") }
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = read(handle, &buffer, buffer.count)
    guard count > 0 else { throw Failure(description: "sourcekit-lsp ended") }
    received += buffer[..<count]
  }
}
