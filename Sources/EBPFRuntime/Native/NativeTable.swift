import CBPF
import CEBPF
import EBPFHost
import EBPFTables

/// What native programs call through CBPF's table: the helpers of this host, and what differs for them.
enum NativeTable {
  /// The table for the programs of an environment.
  static func host(_ environment: Environment) -> cbpf_host {
    cbpf_host(
      helpers: helpers, helper_count: __u32(HelperTable.capacity), reserved: 0, environment: UnsafeMutableRawPointer(environment),
      map: handle, address: address, for_each: forEach, timer_set_callback: setTimerCallback,
      // This host has no user ring buffers.
      drain: nil, missing: missing, setting: setting)
  }

  /// ``HelperTable/shared`` with the helpers that are different for native programs. Both kinds of function take the same arguments.
  nonisolated(unsafe) private static let helpers: UnsafePointer<cbpf_function?> = {
    let table = UnsafeMutablePointer<ebpf_helper?>.allocate(capacity: HelperTable.capacity)
    table.initialize(from: HelperTable.shared, count: HelperTable.capacity)
    for entry in nativeHelpers { table[Int(entry.id.rawValue)] = entry.function }
    return UnsafeRawPointer(table).assumingMemoryBound(to: cbpf_function?.self)
  }()

  private static var nativeHelpers: [HelperTable.Entry] {
    [
      HelperTable.Entry(.mapLookupElem) { map, key, _, _, _, environment in
        let map = mapHeader(map)
        let value = map.pointee.lookup(map, pointer(key), environment)
        return UInt64(UInt(bitPattern: value)) | (value != nil && NativeTable.holdsMaps(map) ? NativeTable.innerMapTag : 0)
      },
      HelperTable.Entry(.tailCall) { _, array, index, _, _, environment in
        guard let function = tailCallTarget(environment, array, index)?.pointee.instructions else { return .error(.einval) }
        NativeRun.goOn(environment, to: function)
      },
    ] + NativeTimers.helpers
  }

  /// An inner map's handle has this bit: it tells it from a global's address, which is a multiple of four.
  private static let innerMapTag: UInt64 = 1

  private static func holdsMaps(_ map: UnsafeMutablePointer<ebpf_map>) -> Bool { MapType(rawValue: map.pointee.type).isMapOfMaps }

  private static func environment(_ given: UnsafeMutableRawPointer?) -> Environment {
    given.unsafelyUnwrapped.assumingMemoryBound(to: ebpf_environment.self)
  }

  /// The maps of the instance that runs.
  static func maps(_ environment: Environment) -> NativeMaps {
    let instance = Unmanaged<Instance>.fromOpaque(runState(environment).pointee.instance.unsafelyUnwrapped)
    return instance._withUnsafeGuaranteedRef { $0.native.unsafelyUnwrapped }
  }

  private static let handle: @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer?) -> UnsafeRawPointer = { declaration, given in
    let address = UInt(bitPattern: declaration)
    if UInt64(address) & NativeTable.innerMapTag != 0 { return UnsafeRawPointer(declaration - Int(NativeTable.innerMapTag)) }
    let environment = NativeTable.environment(given)
    switch NativeTable.maps(environment).header(of: declaration) {
    case .success(let header): return UnsafeRawPointer(header)
    case .failure(let error): NativeRun.stop(environment, error)
    }
  }

  /// Packets lie below 4 GiB, so that the context's 32 bits are the whole address.
  private static let address: @convention(c) (UnsafeRawPointer, __u32, UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer = {
    context, offset, given in
    let address = UInt(context.loadUnaligned(fromByteOffset: Int(offset), as: UInt32.self))
    guard PacketState.of(NativeTable.environment(given)) != nil, let start = UnsafeMutableRawPointer(bitPattern: address) else {
      NativeRun.stop(NativeTable.environment(given), HostError(.unsupported, "the program reads a packet, and its run was given none"))
    }
    return start
  }

  private static let forEach:
    @convention(c) (
      UnsafeRawPointer, @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer?) -> Int,
      UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int = { map, body, argument, given in
      var callback = NativeCallback(body: body, argument: argument)
      let map = mapHeader(UInt64(UInt(bitPattern: map)))
      return withUnsafeMutablePointer(to: &callback) { callback in
        Int(map.pointee.for_each(map, UInt64(UInt(bitPattern: callback)), 0, NativeTable.environment(given)))
      }
    }

  private static let missing: @convention(c) (__u32, UnsafeMutableRawPointer?) -> Void = { number, given in
    NativeRun.stop(
      NativeTable.environment(given),
      HostError(
        .unsupported,
        "the program calls helper \(HelperTable.name(number)), which the userspace host does not have: compiled and loaded it runs in the kernel"
      ))
  }

  private static let setting: @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer?) -> UnsafeRawPointer? = { address, given in
    NativeTable.maps(NativeTable.environment(given)).setting(at: address)
  }

  private static let setTimerCallback:
    @convention(c) (
      UnsafeMutableRawPointer,
      @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer?) -> Void,
      UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int = { timer, body, argument, given in
      NativeTable.maps(NativeTable.environment(given)).timers.setCallback(of: timer, NativeTimers.Callback(body: body, argument: argument))
    }
}
