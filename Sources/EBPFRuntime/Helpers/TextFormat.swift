import CEBPF

/// The kernel's printf for programs (`bpf_bprintf_prepare` in `kernel/bpf/helpers.c`, `bstr_printf` in `lib/vsprintf.c`): which formats there
/// are, what is refused with which error, and what is printed.
///
/// As in the kernel, the format is looked through first, and the arguments that are memory (strings, IP addresses) are copied, so that a bad
/// address prints nothing and harms nothing; then the text is made. `%p` prints the address (the kernel a hash of it), `%ps`, `%pS` and `%pB`
/// print it in the form that the kernel uses for addresses without a symbol.
enum TextFormat {
  /// `MAX_BPRINTF_BUF`: bytes of a traced line with its final zero.
  static let lineSize = 1024
  /// `MAX_BPRINTF_BIN_ARGS`: bytes for the arguments of one format.
  static let argumentSize = 512
  /// `MAX_BPRINTF_VARARGS`
  static let maximumArguments = 12

  /// How many arguments so many bytes hold; `nil` where the kernel answers `EINVAL`.
  static func argumentCount(_ address: UInt64, _ byteCount: UInt64) -> Int? {
    let size = count32(byteCount)
    guard size & 7 == 0, size <= maximumArguments * 8, size == 0 || address != 0 else { return nil }
    return size / 8
  }

  /// Prints into `output`, cut to it and closed with a zero where it has any room.
  /// - Parameters:
  ///   - limit: Bytes that the format may have, with its final zero.
  ///   - arguments: `count` numbers of eight bytes.
  /// - Returns: the bytes of the whole text without a final zero, however much of it fit, or a negated errno.
  static func print(
    _ format: UnsafeRawPointer, limit: Int, _ arguments: UnsafeRawPointer?, _ count: Int, into output: UnsafeMutableRawBufferPointer
  ) -> Int64 {
    withUnsafeTemporaryAllocation(byteCount: argumentSize, alignment: 8) { storage in
      storage.initializeMemory(as: UInt8.self, repeating: 0)
      var preparation = Preparation(format: format, storage: storage, usesStorage: count > 0)
      if let error = preparation.run(limit: limit, arguments, count) { return -error.rawValue }
      var printer = Printer(format: format, arguments: UnsafeRawBufferPointer(storage), output: output)
      printer.run()
      return Int64(printer.written)
    }
  }

  // MARK: Classes of characters (lib/ctype.c: ASCII and Latin-1)

  fileprivate static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  fileprivate static func isLetter(_ byte: UInt8) -> Bool {
    let folded = byte | 0x20
    return (0x61...0x7a).contains(folded) || byte >= 0xc0 && byte != 0xd7 && byte != 0xf7
  }

  fileprivate static func isLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

  /// Whether a byte may stand behind a conversion that takes a pointer: the end, white space or punctuation.
  fileprivate static func endsConversion(_ byte: UInt8) -> Bool {
    if byte == 0 || isSpace(byte) { return true }
    let isPrintable = (0x21...0x7e).contains(byte) || byte > 0xa0
    return isPrintable && !isLetterOrDigit(byte)
  }
}

/// The first pass: checks the format and copies the arguments.
private struct Preparation {
  let format: UnsafeRawPointer
  let storage: UnsafeMutableRawBufferPointer
  /// Without arguments nothing is copied.
  let usesStorage: Bool
  private var used = 0

  init(format: UnsafeRawPointer, storage: UnsafeMutableRawBufferPointer, usesStorage: Bool) {
    self.format = format
    self.storage = storage
    self.usesStorage = usesStorage
  }

  private func byte(_ index: Int) -> UInt8 { format.load(fromByteOffset: index, as: UInt8.self) }

  /// - Returns: what is wrong with the format, if anything is.
  mutating func run(limit: Int, _ arguments: UnsafeRawPointer?, _ count: Int) -> LinuxError? {
    var size = 0
    while size < limit, byte(size) != 0 { size += 1 }
    guard size < limit else { return .einval }
    var position = 0
    var argument = 0
    while position < size {
      let character = byte(position)
      if character < 0x80, !(0x20...0x7e).contains(character), !isSpace(character) { return .einval }
      guard character == UInt8(ascii: "%") else {
        position += 1
        continue
      }
      if byte(position + 1) == UInt8(ascii: "%") {
        position += 2
        continue
      }
      guard argument < count, let arguments else { return .einval }
      let value = arguments.loadUnaligned(fromByteOffset: argument * 8, as: UInt64.self)
      position += 1
      if byte(position) >= 0x80 { return .einval }
      while [UInt8(ascii: "0"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: " ")].contains(byte(position)) { position += 1 }
      if byte(position) != UInt8(ascii: "0") {
        while TextFormat.isDigit(byte(position)) { position += 1 }
      }
      if let error = conversion(&position, value) { return error }
      position += 1
      argument += 1
    }
    return nil
  }

  /// Checks the conversion at `position`, which is left at its last character, and stores its argument.
  private mutating func conversion(_ position: inout Int, _ value: UInt64) -> LinuxError? {
    switch byte(position) {
    case UInt8(ascii: "p"): return pointer(&position, value)
    case UInt8(ascii: "s"): return string(position, value)
    case UInt8(ascii: "c"):
      guard usesStorage else { return nil }
      guard used < storage.count else { return .enospc }
      storage[used] = UInt8(truncatingIfNeeded: value)
      used += 1
      return nil
    default: break
    }
    var size = 4
    for _ in 0..<2 where byte(position) == UInt8(ascii: "l") {
      size = 8
      position += 1
    }
    switch byte(position) {
    case UInt8(ascii: "i"), UInt8(ascii: "d"), UInt8(ascii: "u"), UInt8(ascii: "x"), UInt8(ascii: "X"): return number(value, size)
    default: return .einval
    }
  }

  private mutating func pointer(_ position: inout Int, _ value: UInt64) -> LinuxError? {
    let next = byte(position + 1)
    if TextFormat.endsConversion(next) { return number(value, 8) }
    let second = byte(position + 2)
    switch next {
    case UInt8(ascii: "k") where second == UInt8(ascii: "s"), UInt8(ascii: "u") where second == UInt8(ascii: "s"):
      position += 2
      return string(position, value)
    case UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "s"), UInt8(ascii: "S"):
      position += 1
      return number(value, 8)
    case UInt8(ascii: "B"):
      position += 1
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
        copy(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<TextFormat.hexadecimal(value, into: text)]))
        return nil
      }
    case UInt8(ascii: "i"), UInt8(ascii: "I"):
      guard second == UInt8(ascii: "4") || second == UInt8(ascii: "6") else { return .einval }
      position += 2
      return address(value, isLong: second == UInt8(ascii: "6"), hasSeparators: next == UInt8(ascii: "I"))
    default: return .einval
    }
  }

  private mutating func number(_ value: UInt64, _ size: Int) -> LinuxError? {
    guard usesStorage else { return nil }
    used = (used + 3) & ~3
    guard storage.count - used >= size else { return .enospc }
    if size == 8 {
      storage.storeBytes(of: value, toByteOffset: used, as: UInt64.self)
    } else {
      storage.storeBytes(of: UInt32(truncatingIfNeeded: value), toByteOffset: used, as: UInt32.self)
    }
    used += size
    return nil
  }

  /// Copies a string that the program points to, as far as there is room; nothing of one that cannot be read.
  private mutating func string(_ position: Int, _ value: UInt64) -> LinuxError? {
    guard TextFormat.endsConversion(byte(position + 1)) else { return .einval }
    guard usesStorage else { return nil }
    guard used < storage.count else { return .enospc }
    let room = UnsafeMutableRawBufferPointer(rebasing: storage[used...])
    if let length = probeString(into: room, at: value) {
      used += length
    } else {
      storage[used] = 0
      used += 1
    }
    return nil
  }

  private mutating func address(_ value: UInt64, isLong: Bool, hasSeparators: Bool) -> LinuxError? {
    guard usesStorage else { return nil }
    let size = isLong ? 16 : 4
    guard storage.count - used >= size else { return .enospc }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
      let bytes = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<16])
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      if cebpf_probe_read(bytes.baseAddress, value, UInt64(size)) != UInt64(size) {
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
      }
      let text = UnsafeMutableBufferPointer(rebasing: buffer[16...])
      let length =
        isLong
        ? TextFormat.address6(bytes, hasSeparators, into: text) : TextFormat.address4(bytes, hasLeadingZeros: !hasSeparators, into: text)
      copy(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<length]))
      return nil
    }
  }

  /// Stores a text with its final zero, cut to the room that is left.
  private mutating func copy(_ text: UnsafeRawBufferPointer) {
    let count = min(text.count, max(storage.count - used - 1, 0))
    for index in 0..<count { storage[used + index] = text[index] }
    if used + count < storage.count { storage[used + count] = 0 }
    used = min(used + text.count + 1, storage.count)
  }
}

extension TextFormat {
  /// `0x` and the digits that a number needs.
  fileprivate static func hexadecimal(_ value: UInt64, into text: UnsafeMutableBufferPointer<UInt8>) -> Int {
    text[0] = UInt8(ascii: "0")
    text[1] = UInt8(ascii: "x")
    let digits = max(1, (64 - value.leadingZeroBitCount + 3) / 4)
    for index in 0..<digits { text[2 + index] = digit(value >> UInt64(4 * (digits - 1 - index)), upper: false) }
    return 2 + digits
  }

  /// An IPv4 address: `1.2.3.4` (`%pI4`) or `001.002.003.004` (`%pi4`).
  fileprivate static func address4(
    _ bytes: UnsafeMutableRawBufferPointer, hasLeadingZeros: Bool, into text: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    var count = 0
    func put(_ byte: UInt8) {
      text[count] = byte
      count += 1
    }
    for index in 0..<4 {
      let value = bytes[index]
      if index > 0 { put(UInt8(ascii: ".")) }
      if hasLeadingZeros || value >= 100 { put(0x30 + value / 100) }
      if hasLeadingZeros || value >= 10 { put(0x30 + value / 10 % 10) }
      put(0x30 + value % 10)
    }
    return count
  }

  /// An IPv6 address, all digits: eight groups with colons (`%pI6`) or without (`%pi6`).
  fileprivate static func address6(
    _ bytes: UnsafeMutableRawBufferPointer, _ hasSeparators: Bool, into text: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    var count = 0
    for index in 0..<16 {
      if hasSeparators, index > 0, index & 1 == 0 {
        text[count] = UInt8(ascii: ":")
        count += 1
      }
      text[count] = digit(UInt64(bytes[index] >> 4), upper: false)
      text[count + 1] = digit(UInt64(bytes[index]), upper: false)
      count += 2
    }
    return count
  }

  /// The digit of a number's low four bits.
  fileprivate static func digit(_ value: UInt64, upper: Bool) -> UInt8 {
    let value = UInt8(value & 15)
    return value < 10 ? 0x30 + value : (upper ? 0x41 : 0x61) + value - 10
  }
}

/// The second pass: makes the text of a format that was found good.
private struct Printer {
  let format: UnsafeRawPointer
  let arguments: UnsafeRawBufferPointer
  let output: UnsafeMutableRawBufferPointer
  /// Bytes of the text so far, also those that do not fit.
  private(set) var written = 0
  private var taken = 0

  /// What stands between the percent sign and the conversion.
  private struct Field {
    var isLeft = false
    var hasPlus = false
    var hasSpace = false
    var hasZeros = false
    /// -1: none given.
    var width = -1
  }

  init(format: UnsafeRawPointer, arguments: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) {
    self.format = format
    self.arguments = arguments
    self.output = output
  }

  private func byte(_ index: Int) -> UInt8 { format.load(fromByteOffset: index, as: UInt8.self) }

  private mutating func put(_ byte: UInt8) {
    if written < output.count { output[written] = byte }
    written += 1
  }

  private mutating func put(_ byte: UInt8, times count: Int) {
    for _ in 0..<max(count, 0) { put(byte) }
  }

  mutating func run() {
    var position = 0
    while byte(position) != 0 {
      guard byte(position) == UInt8(ascii: "%") else {
        put(byte(position))
        position += 1
        continue
      }
      position += 1
      var field = Field()
      flags: while true {
        switch byte(position) {
        case UInt8(ascii: "-"): field.isLeft = true
        case UInt8(ascii: "+"): field.hasPlus = true
        case UInt8(ascii: " "): field.hasSpace = true
        case UInt8(ascii: "0"): field.hasZeros = true
        default: break flags
        }
        position += 1
      }
      if TextFormat.isDigit(byte(position)) {
        field.width = 0
        while TextFormat.isDigit(byte(position)) {
          // The kernel has 24 bits for the width (`FIELD_WIDTH_MAX`).
          field.width = min(field.width * 10 + Int(byte(position) - 0x30), (1 << 23) - 1)
          position += 1
        }
      }
      convert(&position, &field)
    }
    if output.count > 0 { output[min(written, output.count - 1)] = 0 }
  }

  private mutating func convert(_ position: inout Int, _ field: inout Field) {
    let conversion = byte(position)
    position += 1
    switch conversion {
    case UInt8(ascii: "%"): put(conversion)
    case UInt8(ascii: "c"):
      if !field.isLeft { put(0x20, times: field.width - 1) }
      put(arguments[taken])
      taken += 1
      if field.isLeft { put(0x20, times: field.width - 1) }
    case UInt8(ascii: "s"): string(field)
    case UInt8(ascii: "p"): pointer(&position, &field)
    default:
      var kind = conversion
      var isWide = false
      while kind == UInt8(ascii: "l") {
        isWide = true
        kind = byte(position)
        position += 1
      }
      number(kind, isWide: isWide, field)
    }
  }

  private mutating func takeNumber(isWide: Bool) -> UInt64 {
    taken = (taken + 3) & ~3
    defer { taken += isWide ? 8 : 4 }
    return isWide
      ? arguments.loadUnaligned(fromByteOffset: taken, as: UInt64.self)
      : UInt64(arguments.loadUnaligned(fromByteOffset: taken, as: UInt32.self))
  }

  /// The bytes of a copied string, without its zero.
  private func storedLength() -> Int {
    var length = 0
    while taken + length < arguments.count, arguments[taken + length] != 0 { length += 1 }
    return length
  }

  private mutating func string(_ field: Field) {
    let length = storedLength()
    if !field.isLeft { put(0x20, times: field.width - length) }
    for index in 0..<length { put(arguments[taken + index]) }
    if field.isLeft { put(0x20, times: field.width - length) }
    taken += length + 1
  }

  private mutating func pointer(_ position: inout Int, _ field: inout Field) {
    let kind = byte(position)
    switch kind {
    case UInt8(ascii: "s"), UInt8(ascii: "S"):
      let value = takeNumber(isWide: true)
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
        let length = TextFormat.hexadecimal(value, into: text)
        if !field.isLeft { put(0x20, times: field.width - length) }
        for index in 0..<length { put(text[index]) }
        if field.isLeft { put(0x20, times: field.width - length) }
      }
    case _ where kind == UInt8(ascii: "x") || kind == UInt8(ascii: "K") || !TextFormat.isLetterOrDigit(kind):
      if field.width < 0 {
        field.width = 16
        field.hasZeros = true
      }
      number(UInt8(ascii: "x"), isWide: true, field)
    default:
      // Strings and IP addresses, as the first pass has made them; the width does not count. Behind a full buffer the kernel neither counts
      // nor skips them.
      if written < output.count {
        let length = storedLength()
        for index in 0..<length { put(arguments[taken + index]) }
        taken += length + 1
      }
    }
    while TextFormat.isLetterOrDigit(byte(position)) { position += 1 }
  }

  private mutating func number(_ kind: UInt8, isWide: Bool, _ field: Field) {
    var value = takeNumber(isWide: isWide)
    var sign: UInt8?
    if kind == UInt8(ascii: "d") || kind == UInt8(ascii: "i") {
      let signed = isWide ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))
      value = signed.magnitude
      sign = signed < 0 ? UInt8(ascii: "-") : field.hasPlus ? UInt8(ascii: "+") : field.hasSpace ? UInt8(ascii: " ") : nil
    }
    let base: UInt64 = kind == UInt8(ascii: "x") || kind == UInt8(ascii: "X") ? 16 : 10
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var count = 0
      repeat {
        digits[count] = TextFormat.digit(value % base, upper: kind == UInt8(ascii: "X"))
        value /= base
        count += 1
      } while value != 0
      let padding = field.width - count - (sign == nil ? 0 : 1)
      let hasZeros = field.hasZeros && !field.isLeft
      if !hasZeros, !field.isLeft { put(0x20, times: padding) }
      if let sign { put(sign) }
      if hasZeros { put(0x30, times: padding) }
      for index in (0..<count).reversed() { put(digits[index]) }
      if field.isLeft { put(0x20, times: padding) }
    }
  }
}
