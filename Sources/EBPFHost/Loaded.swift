public import EBPFObject

/// What a host made of an object: programs and maps that live until ``close()``.
public final class Loaded: Sendable {
  /// In the order of ``ObjectSpec/programs``, those that were loaded.
  public let programs: [Program]
  /// In the order of ``ObjectSpec/maps``.
  public let maps: [Map]
  /// The object as it was loaded.
  public let object: ObjectSpec

  package init(object: ObjectSpec, programs: [Program], maps: [Map]) {
    self.object = object
    self.programs = programs
    self.maps = maps
  }

  /// The program of that name.
  /// - Throws: ``HostError`` with ``HostError/Code/notFound``, naming those that there are.
  public func program(_ name: String) throws(HostError) -> Program {
    guard let program = programs.first(where: { $0.spec.name == name }) else {
      let names = programs.map(\.spec.name).joined(separator: ", ")
      throw HostError(.notFound, "no program '\(name)' is loaded; there are: \(names)")
    }
    return program
  }

  /// The map of that name.
  /// - Throws: ``HostError`` with ``HostError/Code/notFound``, naming those that there are.
  public func map(_ name: String) throws(HostError) -> Map {
    guard let map = maps.first(where: { $0.spec.name == name }) else {
      let names = maps.map(\.spec.name).joined(separator: ", ")
      throw HostError(.notFound, "no map '\(name)' is loaded; there are: \(names)")
    }
    return map
  }

  /// Gives back all that the object holds. Programs that are running finish; handles taken from here refuse with ``HostError/Code/closed``.
  public func close() {
    for program in programs { program.close() }
    for map in maps { map.close() }
  }
}
