// An array in shared memory that NumPy opens by its name and changes in place.

import Foundation
import ProcPool

struct Temperature: PoolTask {  // writes one day of readings, in place
  var readings: SharedArray<Double>

  func run(_ day: Int) {
    for hour in 0..<24 { readings[day * 24 + hour] = 15 + 10 * sin(Double(hour - 9) * .pi / 12) }
  }
}

@main
struct SharedWithNumPy: PoolProgram {
  static func run() async throws {
    // The array needs a name, /dev/shm/procpool-temperatures, because NumPy is not a worker. This program removes it.
    let name = "procpool-temperatures"
    let readings = try SharedArray(named: name, repeating: 0.0, count: 7 * 24, replacing: true)
    defer { try? SharedArray<Double>.remove(named: name) }

    try await withPool(workers: 2) { pool in
      try await pool.forEach(Temperature(readings: readings), over: 0..<7)
    }
    print(
      "Swift: the warmest reading is \(readings.withSpan { span in span.indices.map { span[$0] }.max()! }) °C"
    )

    // NumPy maps the same bytes, and converts them to degrees Fahrenheit in place.
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    python.arguments = [
      "python3", "-c",
      """
      import numpy
      readings = numpy.memmap("/dev/shm/\(name)", dtype="<f8", mode="r+", offset=64).reshape(7, 24)
      print("NumPy: the mean is", round(float(readings.mean()), 3), "°C", flush=True)
      readings *= 1.8
      readings += 32
      """,
    ]
    try python.run()
    python.waitUntilExit()
    print(
      "Swift: the warmest reading is \(readings.withSpan { span in span.indices.map { span[$0] }.max()! }) °F"
    )
  }
}
