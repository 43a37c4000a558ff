import ProcPool
import Synchronization

/// A number that takes long to encode or to decode, in the coordinator only.
package struct Sluggish: Codable, Sendable, Equatable {
  package var number: Int
  package var encodingTime = 0
  package var decodingTime = 0

  /// - Parameters:
  ///   - encodingTime: in milliseconds; `decodingTime` likewise.
  package init(_ number: Int, encodingTime: Int = 0, decodingTime: Int = 0) {
    self.number = number
    self.encodingTime = encodingTime
    self.decodingTime = decodingTime
  }

  private static let counts = Mutex((encoded: 0, decoded: 0))

  /// How many were encoded and decoded outside workers since this was last asked.
  package static func takeCounts() -> (encoded: Int, decoded: Int) {
    counts.withLock { counts in
      defer { counts = (0, 0) }
      return counts
    }
  }

  package init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    number = try container.decode(Int.self)
    encodingTime = try container.decode(Int.self)
    decodingTime = try container.decode(Int.self)
    if TaskContext.current == nil {
      Self.counts.withLock { $0.decoded += 1 }
      if decodingTime > 0 { pause(milliseconds: decodingTime) }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(number)
    try container.encode(encodingTime)
    try container.encode(decodingTime)
    if TaskContext.current == nil {
      Self.counts.withLock { $0.encoded += 1 }
      if encodingTime > 0 { pause(milliseconds: encodingTime) }
    }
  }
}

/// Returns what it is given, and combines by the larger number, as slowly as that is decoded.
package struct Plod: ReducingTask {
  package init() {}
  package func run(_ input: Sluggish) -> Sluggish { input }
  package func combine(_ next: Sluggish, into total: inout Sluggish) {
    if TaskContext.current == nil { pause(milliseconds: total.decodingTime) }
    total.number = max(total.number, next.number)
  }
}
