import ProcPoolWire

/// A worker's answer to ``Hello``.
package struct Greeting: Equatable, Sendable {
  package var pid: Int32
  /// The abilities that the worker accepts, of those that `hello` offered.
  package var abilities: Abilities
  /// The build ID of the worker's program.
  package var buildID: [UInt8]
  /// The reason why the status page could not be attached; empty if it was attached.
  package var pageFailure: String

  package init(pid: Int32, abilities: Abilities, buildID: [UInt8], pageFailure: String) {
    self.pid = pid
    self.abilities = abilities
    self.buildID = buildID
    self.pageFailure = pageFailure
  }

  package func write(to writer: inout WireWriter) {
    writer.writeFixed(pid)
    writer.writeFixed(abilities.rawValue)
    writer.writeBlob(buildID)
    writer.writeText(pageFailure)
  }

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    pid = try reader.readFixed(Int32.self)
    abilities = Abilities(rawValue: try reader.readFixed(UInt32.self))
    buildID = try reader.readBlob()
    pageFailure = try reader.readText()
    try reader.finish()
  }
}
