// Reopening of a complete value for which a container is requested again: as with Foundation's
// encoders, further content is added to it. This is rare, so the content is copied.

extension EncodingNode {
  /// Turns a complete value into an open container, if it has the wanted kind.
  func reopen(as wanted: Kind) -> Bool {
    let value = Array(out.pointee.bytes[start...])
    return value.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      let values = ValueReader(base: base, end: bytes.count)
      do throws(WireError) {
        let whole = try values.value(at: 0, limit: bytes.count)
        switch wanted {
        case .keyed: return try reopenObject(whole, values)
        case .unkeyed: return try reopenArray(whole, values)
        case .single, .undecided: return false
        }
      } catch {
        // Does not happen for bytes that this module has written.
        return false
      }
    }
  }

  private func reopenObject(_ value: WireValue, _ values: ValueReader) throws(WireError) -> Bool {
    guard let content = try values.object(value) else { return false }
    rewind()
    writeHeader(of: .keyed)
    out.pointee.writeBytes(values.bytes(content.start, content.end))
    // The keys of these fields are determined when the object is complete.
    keys.areUnknown = true
    keys.hasRepeats = true
    return true
  }

  private func reopenArray(_ value: WireValue, _ values: ValueReader) throws(WireError) -> Bool {
    if let blocks = try values.blocks(value) {
      rewind()
      writeHeader(of: .unkeyed)
      for start in stride(from: 0, to: blocks.bytes.count, by: blocks.stride) {
        out.pointee.writeByte(Tag.opaque)
        out.pointee.writeVarint(UInt64(blocks.stride))
        out.pointee.writeBytes(UnsafeRawBufferPointer(rebasing: blocks.bytes[start..<start + blocks.stride]))
      }
      count = blocks.bytes.count / blocks.stride
      return true
    }
    guard var content = try values.array(value) else { return false }
    rewind()
    writeHeader(of: .unkeyed)
    if let kind = content.packed {
      for _ in 0..<content.count { try writeNumber(try values.next(&content), kind, values) }
    } else {
      out.pointee.writeBytes(values.bytes(content.start, content.end))
    }
    count = content.count
    return true
  }

  /// Writes one number of a packed array as a value of its own.
  private func writeNumber(
    _ number: WireValue, _ kind: PackedKind, _ values: ValueReader
  ) throws(WireError) {
    do throws(Misfit) {
      switch kind {
      case .float: out.pointee.writeScalar(values.load(number.start, as: Float.self))
      case .double: out.pointee.writeScalar(values.load(number.start, as: Double.self))
      case .uint64: out.pointee.writeInteger(try values.integer(number, as: UInt64.self))
      default: out.pointee.writeInteger(try values.integer(number, as: Int64.self))
      }
    } catch {
      throw .malformed("a number that is none", offset: number.start)
    }
  }
}
