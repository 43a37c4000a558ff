// A picture whose rows take very different times; idle workers receive the next rows. With a path as its argument, the
// program writes a grey picture (PGM) there; without one, it prints a small picture.
//
//   swift run -c release Mandelbrot picture.pgm

import Glibc
import ProcPool

struct PictureRow: PoolTask {
  var width: Int
  var height: Int

  /// A byte per point: the number of steps until it leaves the circle of radius 2, or 0 if it never does.
  func run(_ row: Int) -> [UInt8] {
    (0..<width).map { column in
      let x = 3.2 * (Double(column) + 0.5) / Double(width) - 2.2
      let y = 2.4 * (Double(row) + 0.5) / Double(height) - 1.2
      var (real, imaginary, step) = (0.0, 0.0, 0)
      while step < 255, real * real + imaginary * imaginary <= 4 {
        (real, imaginary) = (real * real - imaginary * imaginary + x, 2 * real * imaginary + y)
        step += 1
      }
      return step == 255 ? 0 : UInt8(step)
    }
  }
}

@main
struct Mandelbrot: PoolProgram {
  static func run() async throws {
    let path = CommandLine.arguments.dropFirst().first
    let (width, height) = path == nil ? (64, 24) : (1600, 1200)
    let rows = try await withPool { pool in
      try await pool.map(PictureRow(width: width, height: height), over: 0..<height, progress: .bar("rows"))
    }
    guard let path else {
      let shades = Array(" .:-=+*#%@")
      for row in rows {
        print(String(row.map { $0 == 0 ? "@" : shades[min(9, Int($0) / 2)] }))
      }
      return
    }
    guard let file = fopen(path, "wb") else { return perror(path) }
    defer { fclose(file) }
    fputs("P5\n\(width) \(height)\n255\n", file)
    for row in rows { fwrite(row, 1, row.count, file) }
  }
}
