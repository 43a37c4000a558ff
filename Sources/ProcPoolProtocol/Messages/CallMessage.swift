import ProcPoolWire

/// The task of a call. If the header has ``singleFlag``, the call has one item, after which the
/// worker releases the task.
package struct CallMessage {
  /// The mangled name of the task's type, by which the worker looks it up.
  package var typeName: String
  /// The encoded task value, valid as long as the bytes of the frame.
  package var task: UnsafeRawBufferPointer

  package init(from body: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(body)
    typeName = try reader.readText()
    task = try reader.readBytes(reader.remaining)
  }

  /// The flag of a single-item call.
  package static let singleFlag: UInt8 = 1

  /// The flag of a task that the worker keeps: the header has its number, and there is no body.
  package static let keptFlag: UInt8 = 2

  /// Writes the part of the body before the encoded task value.
  package static func writeHead(typeName: String, to writer: inout WireWriter) {
    writer.writeText(typeName)
  }
}
