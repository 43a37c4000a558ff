import Foundation
import ProcPoolWire
import Testing

@Suite("Memory is reserved for what is there, and not for what is announced")
struct ReservationTests {
  /// Ten megabytes behind 150 arrays, each of which announces as many elements as there are bytes behind its count.
  /// Written backwards, for each header needs the length of what it contains.
  private func announcements(of byte: UInt8, general: Bool) -> [UInt8] {
    var message = [UInt8](repeating: byte, count: 10 << 20)
    func append(_ number: Int) {
      var writer = WireWriter()
      writer.writeVarint(UInt64(number))
      message += writer.bytes.reversed()
    }
    for _ in 0..<150 {
      append(message.count)
      if !general { continue }
      append(message.count)
      message.append(0xBA)
    }
    return message.reversed() + (general ? [0] : [])
  }

  @Test func arraysInArraysDoNotEachReserveTheWholeMessage() throws {
    let before = peakOfAddresses()
    let message = announcements(of: 1, general: true)
    #expect(throws: DecodingError.self) {
      try message.withUnsafeBytes { try ItemCodec<ListsByArray>.resolve().decode($0) }
    }
    let direct = announcements(of: 0xFF, general: false)
    #expect(throws: WireError.self) {
      try direct.withUnsafeBytes { try ItemCodec<Nest>.resolve().decode($0) }
    }
    // Were it reserved by each, it would be 150 times 40 MB. Other tests run in this process, and need less.
    #expect(peakOfAddresses() - before < 4 << 30)
  }

  @Test func whatArraysReserveTogetherIsInProportionToTheBytes() {
    var rest = Reservation.limit(1000)
    #expect(Reservation.take(10, of: Int.self, from: &rest) == 10)
    var sum = 80
    for _ in 0..<1000 {
      sum += Reservation.take(.max, of: Reading.self, from: &rest) * MemoryLayout<Reading>.stride
    }
    #expect(sum <= Reservation.limit(1000))
    #expect(sum > 4000)
    #expect(Reservation.take(5, of: Nothing.self, from: &rest) <= 5)
  }

  private func peakOfAddresses() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") } ?? ""
    return (line.split(separator: " ").lazy.compactMap { Int($0) }.first ?? 0) << 10
  }
}
