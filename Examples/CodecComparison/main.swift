// The size of values, and the time to encode and decode them, with procpool's codec, Foundation's and Python's pickle.
//
//     swift run -c release CodecComparison
//
// Times are medians of several runs in one process, after a warm-up run. `python3` measures pickle, if it is in PATH,
// with lists, floats and dictionaries of the same content.

import Foundation
import ProcPoolWire

/// Five mixed fields.
struct Order: Codable, Equatable {
  var id: Int
  var customer: String
  var amount: Double
  var paid: Bool
  var quantity: Int

  static let samples = (0..<10_000).map {
    Order(
      id: $0, customer: "customer \($0 % 100)", amount: Double($0) * 1.25, paid: $0 % 3 == 0,
      quantity: $0 % 50)
  }
}

let names = Dictionary(uniqueKeysWithValues: (0..<10_000).map { ("key \($0)", "the value of \($0)") })

/// One line of the table.
struct Row {
  var value: String
  var codec: String
  var bytes: Int
  var encode: Double
  var decode: Double
}

var rows: [Row] = []

/// The median time of `body` in seconds; short bodies are repeated to be measurable.
func median(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  func time(_ repetitions: Int) throws -> Double {
    let elapsed = try clock.measure { for _ in 0..<repetitions { try body() } }
    return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
  }
  // 5 ms per run, so that the cost of the clock is negligible; 5 runs, so that one interruption does not matter.
  let once = (try? time(1)) ?? 0
  let repetitions = max(1, Int(0.005 / max(once, 1e-7)))
  let times = (0..<5).map { _ in (try? time(repetitions)) ?? .nan }.sorted()
  return times[2] / Double(repetitions)
}

/// Keeps the compiler from removing an unused result.
@inline(never) func use<T>(_ value: T) {}

@MainActor
func measure<T: Codable>(_ name: String, _ value: T) throws {
  let codec = ItemCodec<T>.resolve()
  var writer = WireWriter()
  try codec.encode(value, into: &writer)
  let encode = try median {
    writer.removeAll()
    try codec.encode(value, into: &writer)
  }
  let bytes = Array(writer.bytes)
  let decode = try bytes.withUnsafeBytes { bytes in try median { use(try codec.decode(bytes)) } }
  rows.append(Row(value: name, codec: "procpool", bytes: bytes.count, encode: encode, decode: decode))

  let json = try JSONEncoder().encode(value)
  rows.append(
    Row(
      value: name, codec: "JSONEncoder", bytes: json.count,
      encode: try median { use(try JSONEncoder().encode(value)) },
      decode: try median { use(try JSONDecoder().decode(T.self, from: json)) }))

  // The top of a property list cannot be a single value.
  if !(value is Int) {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    let list = try encoder.encode(value)
    rows.append(
      Row(
        value: name, codec: "PropertyListEncoder", bytes: list.count,
        encode: try median { use(try encoder.encode(value)) },
        decode: try median { use(try PropertyListDecoder().decode(T.self, from: list)) }))
  }
}

/// The same values in Python; one line each: name, bytes, seconds to encode, seconds to decode.
let script = """
  import pickle, time
  orders = [dict(id=i, customer="customer %d" % (i % 100), amount=i * 1.25, paid=i % 3 == 0, quantity=i % 50)
            for i in range(10000)]
  values = [("Int", 42), ("10⁶ small Ints", [i % 100 for i in range(10**6)]),
            ("10⁶ Doubles", [i * 0.1 for i in range(10**6)]), ("10⁴ structs", orders),
            ("dictionary of 10⁴", {"key %d" % i: "the value of %d" % i for i in range(10000)}),
            ("64 MiB of Data", bytes(64 << 20))]
  def median(f):
      start = time.perf_counter(); f(); once = time.perf_counter() - start
      n = max(1, int(0.005 / max(once, 1e-7))); runs = []
      for _ in range(5):
          start = time.perf_counter()
          for _ in range(n): f()
          runs.append((time.perf_counter() - start) / n)
      return sorted(runs)[2]
  for name, value in values:
      data = pickle.dumps(value, 5)
      print(name, len(data), median(lambda: pickle.dumps(value, 5)), median(lambda: pickle.loads(data)), sep="|")
  """

@MainActor
func measurePickle() {
  let python = Process()
  python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  python.arguments = ["python3", "-c", script]
  let output = Pipe()
  python.standardOutput = output
  python.standardError = FileHandle.nullDevice
  guard (try? python.run()) != nil else { return }
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  python.waitUntilExit()
  for line in text.split(separator: "\n") {
    let fields = line.split(separator: "|")
    guard fields.count == 4, let bytes = Int(fields[1]), let encode = Double(fields[2]),
      let decode = Double(fields[3])
    else { continue }
    rows.append(
      Row(value: String(fields[0]), codec: "pickle 5", bytes: bytes, encode: encode, decode: decode))
  }
}

/// `Data` as one block, as ProcPoolFoundation declares it.
extension Data: WireBytes {
  /// Creates data with a copy of the bytes.
  public init(wireBytes: UnsafeRawBufferPointer) { self.init(wireBytes) }

  /// Calls `body` with the bytes of the data.
  public func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withUnsafeBytes(body)
  }
}

try measure("Int", 42)
try measure("10⁶ small Ints", (0..<1_000_000).map { $0 % 100 })
try measure("10⁶ Doubles", (0..<1_000_000).map { Double($0) * 0.1 })
try measure("10⁴ structs", Order.samples)
try measure("dictionary of 10⁴", names)
try measure("64 MiB of Data", Data(count: 64 << 20))
measurePickle()

func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, width - text.count))
  return left ? text + space : space + text
}

func time(_ seconds: Double) -> String {
  switch seconds {
  case ..<1e-6: String(format: "%.0f ns", seconds * 1e9)
  case ..<1e-3: String(format: "%.1f µs", seconds * 1e6)
  default: String(format: "%.2f ms", seconds * 1e3)
  }
}

func rate(_ row: Row, _ seconds: Double) -> String {
  row.bytes < 1000 ? "" : String(format: "%.2f GB/s", Double(row.bytes) / seconds / 1e9)
}

print(
  padded("value", 19, left: true), padded("codec", 20, left: true), padded("bytes", 10), padded("encode", 10),
  padded("decode", 10), padded("encoding", 11), padded("decoding", 11))
var order: [String] = []
for row in rows where !order.contains(row.value) { order.append(row.value) }
for row in order.flatMap({ value in rows.filter { $0.value == value } }) {
  print(
    padded(row.value, 19, left: true), padded(row.codec, 20, left: true), padded("\(row.bytes)", 10),
    padded(time(row.encode), 10), padded(time(row.decode), 10), padded(rate(row, row.encode), 11),
    padded(rate(row, row.decode), 11))
}
