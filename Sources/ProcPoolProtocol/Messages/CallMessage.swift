import ProcPoolWire

/// The task of a call. If the header has ``singleFlag``, the call has one item, and the worker forgets the task after
/// that item.
package struct CallMessage {
  /// The mangled name of the task's type, by which the worker finds it.
  package var typeName: String
  /// The encoded task value; valid as long as the frame's bytes are.
  package var task: UnsafeRawBufferPointer

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    typeName = try reader.readText()
    task = try reader.readBytes(reader.remaining)
  }

  /// The header's flag for a call of one item.
  package static let singleFlag: UInt8 = 1

  /// The header's flag for a task that the worker keeps: the header has its number, and there is no body.
  package static let keptFlag: UInt8 = 2

  /// Writes what comes before the encoded task value, which ends the body.
  package static func writeHead(typeName: String, to writer: inout WireWriter) {
    writer.writeText(typeName)
  }
}
