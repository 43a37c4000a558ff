/// Reads bytes as what a type does with its encoder: fields written twice, containers asked for again, values that
/// fail, in any order.
///
/// What can be encoded must decode, with each key there once and the same value for it whichever is asked for first.
func runEncoderProgram(_ bytes: UnsafeRawBufferPointer) {
  // More would only be more of the same, and each value that is no list costs an error with the whole path to it.
  var steps = EncoderSteps(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(512)), position: 0)
  guard let message = try? WireCoding.encode(EncoderProgram(steps: &steps)) else { return }
  do {
    _ = try WireCoding.decode(UniqueKeys.self, from: message)
  } catch {
    fatalError("an encoded program does not decode: \(error)")
  }
}

/// The bytes of a program, taken one by one; zeros after the last.
struct EncoderSteps {
  let bytes: UnsafeRawBufferPointer
  var position: Int

  var isAtEnd: Bool { position >= bytes.count }

  mutating func next() -> UInt8 {
    defer { position += 1 }
    return isAtEnd ? 0 : bytes[position]
  }
}

private struct EncoderProgram: Encodable {
  struct Failure: Error {}

  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int?
    init(stringValue: String) { self.stringValue = stringValue }
    init(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
    /// Few, so that they repeat; lookalikes and numbers among them, and more than 64 of them.
    init(_ step: UInt8) {
      switch step {
      case 0..<4: self.init(stringValue: "key \(step)")
      case 4: self.init(stringValue: "\u{e9}")
      case 5: self.init(stringValue: "e\u{301}")
      case 6: self.init(stringValue: "7")
      case 7: self.init(intValue: 7)
      default: self.init(stringValue: "other key \(step)")
      }
    }
  }

  /// Programs are read while they are encoded, which happens once.
  final class Source {
    var steps: EncoderSteps
    init(_ steps: EncoderSteps) { self.steps = steps }
  }

  let source: Source
  let depth: Int

  init(steps: inout EncoderSteps) { (source, depth) = (Source(steps), 0) }
  private init(_ source: Source, depth: Int) { (self.source, self.depth) = (source, depth) }

  private var inner: EncoderProgram { EncoderProgram(source, depth: depth + 1) }

  func encode(to encoder: any Encoder) throws {
    switch depth > 20 ? 3 : source.steps.next() % 5 {
    case 0, 1: try fields(encoder.container(keyedBy: Key.self), encoder)
    case 2: try elements(encoder.unkeyedContainer())
    case 3:
      var single = encoder.singleValueContainer()
      try single.encode(source.steps.next())
    default:
      var single = encoder.singleValueContainer()
      do { try single.encode(inner) } catch { try single.encode("fallback") }
    }
  }

  private func fields(_ container: KeyedEncodingContainer<Key>, _ encoder: any Encoder) throws {
    var container = container
    var kept: [any Encoder] = []
    for _ in 0..<source.steps.next() % 24 where !source.steps.isAtEnd {
      let key = Key(source.steps.next())
      switch source.steps.next() % 12 {
      case 0, 1: try container.encode(Int(source.steps.next()), forKey: key)
      case 2: try container.encodeNil(forKey: key)
      case 3: try container.encodeIfPresent(Int??.some(nil), forKey: key)
      case 4: try? container.encode(inner, forKey: key)
      case 5: try container.encode(["a": 1, "key 1": 2], forKey: key)
      case 6: try container.encode([1, 2, 300], forKey: key)
      case 7: try fields(container.nestedContainer(keyedBy: Key.self, forKey: key), encoder)
      case 8: try elements(container.nestedUnkeyedContainer(forKey: key))
      case 9: kept.append(container.superEncoder(forKey: key))
      case 10: if let last = kept.popLast() { try? inner.encode(to: last) }
      default: throw Failure()
      }
    }
    if source.steps.next() == 1 { container = encoder.container(keyedBy: Key.self) }
    try container.encode(true, forKey: Key(source.steps.next()))
  }

  private func elements(_ list: any UnkeyedEncodingContainer) throws {
    var list = list
    for _ in 0..<source.steps.next() % 8 where !source.steps.isAtEnd {
      switch source.steps.next() % 6 {
      case 0: try list.encode(Int(source.steps.next()))
      case 1: try list.encode(Int??.some(nil))
      case 2: try? list.encode(inner)
      case 3: try elements(list.nestedUnkeyedContainer())
      case 4: try? inner.encode(to: list.superEncoder())
      default: try list.encode([FuzzPoint(x: 1, y: 2)])
      }
    }
  }
}

/// Reads everything, and expects each key once.
private struct UniqueKeys: Decodable {
  init(from decoder: any Decoder) throws {
    if var list = try? decoder.unkeyedContainer() {
      while !list.isAtEnd { if try !list.decodeNil() { _ = try list.decode(UniqueKeys?.self) } }
    } else if let keyed = try? decoder.container(keyedBy: FuzzExplorer.Key.self) {
      let keys = keyed.allKeys
      let names = Set(keys.map { Array($0.stringValue.utf8) })
      precondition(names.count == keys.count, "a key is there twice")
      for key in keys.reversed() {
        precondition(keyed.contains(key), "a key is listed and not there")
        if try !keyed.decodeNil(forKey: key) { _ = try keyed.decodeIfPresent(UniqueKeys.self, forKey: key) }
      }
    }
  }
}
