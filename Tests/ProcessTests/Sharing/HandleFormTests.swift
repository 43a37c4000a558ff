import Foundation
import ProcPoolWire
import Testing

@testable import ProcPoolSharedMemory

extension Processes.Sharing {
  /// A shared value has one form on the wire, by whichever of `Codable`'s ways it is written and read.
  @Suite struct FormsOfHandles {
    private struct All: Codable {
      var array: SharedArray<Int32>
      var matrix: SharedMatrix<Double>
      var locked: LockedArray<Float>
      var value: LockedValue<Int>
      var counter: SharedCounter

      init() throws {
        array = try SharedArray(0..<10)
        matrix = try SharedMatrix(repeating: 1, rows: 2, columns: 3, order: .columnMajor)
        locked = try LockedArray(repeating: 2, count: 4)
        value = try LockedValue(5)
        counter = try SharedCounter(6)
      }

      func isSame(as other: All) -> Bool {
        array.block === other.array.block && matrix.elements.block === other.matrix.elements.block
          && (matrix.rows, matrix.columns, matrix.order)
            == (other.matrix.rows, other.matrix.columns, other.matrix.order)
          && locked.block === other.locked.block && value.block === other.value.block
          && counter.block === other.counter.block
      }
    }

    private enum Way {
      case container, itself
      /// How values are read at the moment.
      @TaskLocal static var ofReading = Way.container
    }

    /// A wrapper that writes its value by one way and reads it by another.
    private struct Wrapped<Value: Codable>: Codable {
      var value: Value
      let writes: Way

      init(_ value: Value, writes: Way) { (self.value, self.writes) = (value, writes) }

      func encode(to encoder: any Encoder) throws {
        switch writes {
        case .container:
          var container = encoder.singleValueContainer()
          try container.encode(value)
        case .itself: try value.encode(to: encoder)
        }
      }

      init(from decoder: any Decoder) throws {
        value =
          switch Way.ofReading {
          case .container: try decoder.singleValueContainer().decode(Value.self)
          case .itself: try Value(from: decoder)
          }
        writes = .container
      }
    }

    private func bytes(_ value: some Encodable) throws -> [UInt8] {
      let scope = SharedScope()
      return try scope.enter { try WireCoding.encode(value) }
    }

    private func decoded<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
      try SharedScope().enter { try WireCoding.decode(Value.self, from: bytes) }
    }

    @Test func everyWayOfWritingCanBeReadByEveryWay() throws {
      let all = try All()
      func tryWays<Value: Codable>(_ value: Value, _ isSame: (Value) -> Bool) throws {
        for writes in [Way.container, .itself] {
          let message = try bytes(Wrapped(value, writes: writes))
          for reads in [Way.container, .itself] {
            let back: Wrapped<Value> = try Way.$ofReading.withValue(reads) { try decoded(message) }
            #expect(isSame(back.value), "written by \(writes), read by \(reads)")
          }
        }
      }
      try tryWays(all.array) { $0.block === all.array.block }
      try tryWays(all.matrix) { $0.elements.block === all.matrix.elements.block && $0.rows == 2 }
      try tryWays(all.locked) { $0.block === all.locked.block }
      try tryWays(all.value) { $0.block === all.value.block }
      try tryWays(all.counter) { $0.block === all.counter.block }
    }

    @Test func asPropertiesElementsAndAloneTheyComeBack() throws {
      let all = try All()
      let same: All = try decoded(bytes(all))
      #expect(same.isSame(as: all))
      let matrices = [all.matrix, all.matrix]
      let back: [SharedMatrix<Double>] = try decoded(bytes(matrices))
      #expect(back.count == 2 && back.allSatisfy { $0.elements.block === all.matrix.elements.block })
      let named: [String: SharedCounter?] = try decoded(bytes(["a": all.counter, "b": nil]))
      #expect(named["a"]??.block === all.counter.block && named["b"]! == nil)
    }

    @Test func aTaskMayUseAnotherEncoderForAPartOfItself() throws {
      let all = try All()
      let scope = SharedScope()
      let json = try scope.enter { try JSONEncoder().encode(all) }
      #expect(scope.takeCarried().count == 5)
      let same = try scope.enter { try JSONDecoder().decode(All.self, from: json) }
      #expect(same.isSame(as: all))
      #expect(throws: SharedMemoryError.outsidePool) { try JSONEncoder().encode(all.matrix) }
      #expect(throws: SharedMemoryError.outsidePool) { try JSONDecoder().decode(All.self, from: json) }
    }

    @Test func whateverIsWrittenIsKeptUntilItHasArrived() throws {
      let all = try All()
      let scope = SharedScope()
      _ = try scope.enter { try WireCoding.encode(all) }
      let carried = scope.takeCarried().map { ObjectIdentifier($0) }
      #expect(
        Set(carried)
          == [
            ObjectIdentifier(all.array.block), ObjectIdentifier(all.matrix.elements.block),
            ObjectIdentifier(all.locked.block), ObjectIdentifier(all.value.block),
            ObjectIdentifier(all.counter.block),
          ])
    }

    @Test func bytesThatAreNoHandleAreRefused() throws {
      let matrix = try SharedMatrix<Double>(repeating: 1, rows: 2, columns: 3)
      let message = try bytes(matrix)
      for length in 0..<message.count {
        #expect(throws: (any Error).self, "the first \(length) bytes") {
          try decoded(Array(message[..<length])) as SharedMatrix<Double>
        }
      }
      // Rows, columns and the order of the elements are at the end, in that order.
      for (place, number) in [(17, 3), (9, 2), (9, 255), (1, 2), (1, 255)] as [(Int, UInt8)] {
        var forged = message
        forged[forged.count - place] = number
        #expect(throws: SharedMemoryError.self, "\(number) at \(place) bytes before the end") {
          try decoded(forged) as SharedMatrix<Double>
        }
      }
      let elements = try bytes(matrix.elements)
      #expect(throws: SharedMemoryError.self) { try decoded(elements) as SharedCounter }
      #expect(throws: SharedMemoryError.self) { try decoded(elements) as SharedArray<Int32> }
    }
  }
}
