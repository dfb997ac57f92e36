extension ObjectSpec {
  /// Reads an ELF object that clang, bpftool, iproute2's or any other compiler chain made for eBPF; of any age and either byte order.
  ///
  /// Nothing is loaded and nothing outside the bytes is read. CO-RE relocations and kernel symbols are listed, not resolved.
  /// - Parameter name: what error messages call the object, a file name say.
  public init(bytes: [UInt8], name: String? = nil) throws(ObjectError) {
    do {
      self = try ObjectReader.read(bytes)
    } catch {
      guard let name else { throw error }
      throw ObjectError(error.code, error.message, section: error.section, offset: error.offset, object: name)
    }
  }
}
