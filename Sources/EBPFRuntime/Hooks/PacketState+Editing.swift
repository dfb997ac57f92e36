/// How helpers change a packet's extent. Whatever moves the packet writes its place into the context anew.
extension PacketState {
  // MARK: Fields of struct __sk_buff, which the context holds for program and helpers alike

  @inline(__always)
  func field(_ offset: Int) -> UInt32 { context.load(fromByteOffset: offset, as: UInt32.self) }

  @inline(__always)
  func setField(_ offset: Int, _ value: UInt32) { context.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }

  /// `skb->protocol`, in host byte order.
  @inline(__always)
  var networkProtocol: UInt16 {
    get { UInt16(bigEndian: UInt16(truncatingIfNeeded: field(SocketBufferContext.protocol))) }
    nonmutating set { setField(SocketBufferContext.protocol, UInt32(newValue.bigEndian)) }
  }

  /// Whether the packet is several segments (`skb_is_gso`): only a test run's context says so.
  var isSegmented: Bool { field(SocketBufferContext.segmentSize) != 0 }

  /// `skb_clear_hash`
  mutating func clearHash() {
    hasHash = false
    setField(SocketBufferContext.hash, 0)
  }

  // MARK: Extent

  /// The packet's first byte.
  @inline(__always)
  var start: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: data).unsafelyUnwrapped }

  /// Makes room for `count` bytes before the packet, moving it within its buffer where there is too little (`skb_cow`).
  /// - Returns: whether there is room now.
  mutating func reserveHead(_ count: Int) -> Bool {
    guard growFront(count) else { return false }
    growHead(for: count)
    return true
  }

  /// What the kernel does where its buffer has less than `count` bytes before the packet: a larger one, in steps of `NET_SKB_PAD`
  /// (`pskb_expand_head`).
  private mutating func growHead(for count: Int) {
    let lacking = count - Int(bitPattern: data &- head)
    guard lacking > 0 else { return }
    let growth = (lacking + SocketBuffer.headroom - 1) / SocketBuffer.headroom * SocketBuffer.headroom
    head &-= UInt(growth)
    transportHeader &+= UInt16(truncatingIfNeeded: growth)
  }

  private mutating func growFront(_ count: Int) -> Bool {
    let front = Int(data &- bufferStart)
    if count <= front { return true }
    let free = front + Int(bufferEnd &- dataEnd)
    guard count <= free else { return false }
    // Half of what is free, so that the next growth has room too.
    move(by: max(count, free / 2) - front)
    return true
  }

  /// Makes room for `count` bytes behind the packet.
  mutating func reserveTail(_ count: Int) -> Bool {
    let back = Int(bufferEnd &- dataEnd)
    if count <= back { return true }
    let free = back + Int(min(data, linkHeader) &- bufferStart)
    guard count <= free else { return false }
    move(by: -(max(count, free / 2) - back))
    return true
  }

  private mutating func move(by distance: Int) {
    // A packet that begins at its network header still has its link header before it.
    let first = min(data, linkHeader)
    let source = UnsafeMutableRawPointer(bitPattern: first).unsafelyUnwrapped
    (source + distance).copyMemory(from: source, byteCount: Int(dataEnd &- first))
    let step = UInt(bitPattern: distance)
    data = data &+ step
    dataEnd = dataEnd &+ step
    dataMeta = dataMeta &+ step
    linkHeader = linkHeader &+ step
    networkHeader = networkHeader &+ step
    head = head &+ step
  }

  /// Where the network header begins behind ``head``, as the kernel notes it.
  private var networkDistance: UInt16 { UInt16(truncatingIfNeeded: networkHeader &- head) }

  /// As ``insert(_:at:)``, and a transport header that is where the network header is stays there (`bpf_skb_net_hdr_push`).
  mutating func insertBeforeNetwork(_ count: Int, at offset: Int) {
    let isSame = transportHeader == networkDistance
    insert(count, at: offset)
    if isSame { transportHeader = networkDistance }
  }

  /// As ``remove(_:at:)``, and a transport header that is where the network header is stays there (`bpf_skb_net_hdr_pop`).
  mutating func removeBeforeNetwork(_ count: Int, at offset: Int) -> Bool {
    let isSame = transportHeader == networkDistance
    guard remove(count, at: offset) else { return false }
    if isSame { transportHeader = networkDistance }
    return true
  }

  /// Puts `count` bytes of zeros at `offset` of the packet; what is before moves to the front, and so do the headers. There must be room.
  mutating func insert(_ count: Int, at offset: Int) {
    let old = start
    data &-= UInt(count)
    dataMeta = data
    start.copyMemory(from: old, byteCount: offset)
    (start + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    linkHeader &-= UInt(count)
    networkHeader &-= UInt(count)
  }

  /// Takes `count` bytes at `offset` out of the packet.
  /// - Returns: whether the packet is that long.
  mutating func remove(_ count: Int, at offset: Int) -> Bool {
    guard offset + count <= length else { return false }
    let old = start
    data &+= UInt(count)
    dataMeta = data
    start.copyMemory(from: old, byteCount: offset)
    linkHeader &+= UInt(count)
    networkHeader &+= UInt(count)
    return true
  }
}
