// Feeds arbitrary bytes to the decoder, for libFuzzer to find those that make it trap, loop or allocate too
// much.
//
// Built together with the module's own sources, as one module:
//
//     swiftc -O -sanitize=fuzzer -parse-as-library -swift-version 6 -package-name procpool \
//       $(find Sources/ProcPoolWire -name '*.swift') Tests/Fuzz/*.swift .build/fuzz/*.o -o .build/fuzz/codec
//     .build/fuzz/codec -max_total_time=60 -rss_limit_mb=512 -malloc_limit_mb=64 -timeout=5
//     .build/fuzz/corpus
//
// The first byte of an input says what it is decoded as. What decodes is encoded again, and must then decode.

/// One of everything that the general encoder knows.
struct FuzzRecord: Codable {
  var int: Int
  var byte: UInt8
  var wide: Int128?
  var unsigned: UInt128?
  var double: Double
  var float: Float
  var flag: Bool
  var text: String
  var maybe: String?
  var doubly: Int??
  var levels: [Int??]
  var numbers: [Int]
  var reals: [Double]
  var bytes: [UInt8]
  var texts: [String]
  var set: Set<Int16>
  var named: [String: Int]
  var numbered: [Int: [String]]
  var pairs: [FuzzShape: Int]
  var shapes: [FuzzShape]
  var points: [FuzzPoint]
  var quick: FuzzQuick?
  var next: [FuzzRecord]

  static var sample: FuzzRecord {
    FuzzRecord(
      int: -300, byte: 7, wide: .min, unsigned: .max, double: 1.5, float: -2, flag: true, text: "naïve",
      maybe: nil, doubly: .some(nil), levels: [nil, .some(nil), 1],
      numbers: [1, 70_000], reals: [0.5], bytes: [1, 2], texts: ["a", String(repeating: "b", count: 40)],
      set: [3],
      named: ["x": 1], numbered: [-4: ["y"]], pairs: [.dot: 1],
      shapes: [.dot, .circle(2), .pair(.dot, .circle(1))],
      points: [FuzzPoint(x: 1, y: 2)], quick: FuzzQuick(text: "q", inner: [FuzzQuick(text: "", inner: [])]),
      next: [])
  }
}

indirect enum FuzzShape: Codable, Hashable {
  case dot
  case circle(Double)
  case pair(FuzzShape, FuzzShape)
}

struct FuzzPoint: Codable, WireBlock { var x: Int16, y: Double }

/// Writes itself, and contains itself.
struct FuzzQuick: Codable, WireCodable {
  var text: String
  var inner: [FuzzQuick]
  func encode(into writer: inout WireWriter) throws {
    text.encode(into: &writer)
    try inner.encode(into: &writer)
  }
  static func decode(from reader: inout WireReader) throws -> FuzzQuick {
    FuzzQuick(text: try .decode(from: &reader), inner: try .decode(from: &reader))
  }
}

/// Reads whatever is there by every door that a decoder has.
struct FuzzExplorer: Decodable {
  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int?
    init(stringValue: String) { self.stringValue = stringValue }
    init(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
  }

  init(from decoder: any Decoder) throws {
    if let single = try? decoder.singleValueContainer() {
      _ = single.decodeNil()
      _ = try? single.decode(Int8.self)
      _ = try? single.decode(UInt64.self)
      _ = try? single.decode(Float.self)
      _ = try? single.decode(String.self)
      _ = try? single.decode(Bool.self)
    }
    if let keyed = try? decoder.container(keyedBy: Key.self) {
      for key in keyed.allKeys.prefix(20).reversed() {
        _ = try? keyed.decodeNil(forKey: key)
        _ = try? keyed.decodeIfPresent(Int?.self, forKey: key)
        _ = try? keyed.decode(Int??.self, forKey: key)
        _ = try keyed.decodeIfPresent(FuzzExplorer.self, forKey: key)
      }
      _ = try? keyed.superDecoder()
    }
    if var list = try? decoder.unkeyedContainer() {
      while !list.isAtEnd { _ = try list.decode(FuzzExplorer.self) }
    }
  }
}

/// Decodes `bytes`, and expects of what comes out that it can be sent again.
private func check<T: Codable>(_: T.Type, _ bytes: UnsafeRawBufferPointer) {
  let codec = ItemCodec<T>.resolve()
  guard let value = try? codec.decode(bytes) else { return }
  var writer = WireWriter()
  do {
    try codec.encode(value, into: &writer)
    _ = try codec.decode(writer.bytes)
  } catch {
    fatalError("a decoded \(T.self) does not survive: \(error)")
  }
}

private let targets: [@Sendable (UnsafeRawBufferPointer) -> Void] = [
  { check(FuzzRecord.self, $0) },
  { check([FuzzShape].self, $0) },
  { check([String].self, $0) },
  { check([Int].self, $0) },
  { check([UInt32].self, $0) },
  { check([String: [Double?]].self, $0) },
  { check([FuzzPoint].self, $0) },
  { check(FuzzQuick.self, $0) },
  { check(Set<Int>.self, $0) },
  { check(Range<Int>.self, $0) },
  { check(Duration.self, $0) },
  { check([SIMD3<Float>].self, $0) },
  { check(FuzzPoint.self, $0) },
  { _ = try? WireCoding.decode(FuzzExplorer.self, from: $0) },
  { _ = try? WireCoding.decode([String: FuzzExplorer].self, from: $0) },
  { check([Int??].self, $0) },
  runEncoderProgram,
  readStream,
]

/// Decodes one input by the target that its first byte selects. libFuzzer calls it by its C name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let data, size > 0 else { return 0 }
  targets[Int(data[0]) % targets.count](UnsafeRawBufferPointer(start: data + 1, count: size - 1))
  return 0
}

/// Starts from valid messages now and then, since random bytes seldom become one: libFuzzer asks for a
/// mutation of `data`, and gets its own, or a whole sample in its place once in a thousand times.
@_cdecl("LLVMFuzzerCustomMutator")
public func fuzzMutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: CUnsignedInt)
  -> Int
{
  if seed % 1000 == 0 {
    let message = [0] + ((try? WireCoding.encode(FuzzRecord.sample)) ?? [])
    if message.count <= maximum {
      for (i, byte) in message.enumerated() { data[i] = byte }
      // Also for the targets that read any message.
      data[0] = seed % 2000 == 0 ? 0 : 13
      return message.count
    }
  }
  return mutate(data, size, maximum)
}

/// libFuzzer's own mutations.
@_silgen_name("LLVMFuzzerMutate")
private func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int
