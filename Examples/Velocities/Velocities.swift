// Converts velocities on a spherical grid from east, north and up components to Cartesian ones. Three arrays are read
// and three written, all in shared memory: only the numbers of rows are sent.

import Glibc
import ProcPool

struct Convert: PoolTask {
  var latitudes, longitudes, heights: Int
  var east, north, up: SharedArray<Float>
  var x, y, z: SharedArray<Float>

  func run(_ latitude: Int) {
    let phi = (Float(latitude) + 0.5) / Float(latitudes) * .pi - .pi / 2
    for longitude in 0..<longitudes {
      let lambda = Float(longitude) / Float(longitudes) * 2 * .pi
      let (sinPhi, cosPhi, sinLambda, cosLambda) = (sin(phi), cos(phi), sin(lambda), cos(lambda))
      let first = (latitude * longitudes + longitude) * heights
      for index in first..<first + heights {
        let (e, n, u) = (east[index], north[index], up[index])
        x[index] = -sinLambda * e - sinPhi * cosLambda * n + cosPhi * cosLambda * u
        y[index] = cosLambda * e - sinPhi * sinLambda * n + cosPhi * sinLambda * u
        z[index] = cosPhi * n + sinPhi * u
      }
    }
  }
}

@main
struct Velocities: PoolProgram {
  static func run() async throws {
    let (latitudes, longitudes, heights) = (50, 80, 30)
    let count = latitudes * longitudes * heights
    func component(_ seed: Int) throws -> SharedArray<Float> {
      try SharedArray((0..<count).map { Float(($0 * seed) % 201 - 100) / 10 })
    }
    let (east, north, up) = (try component(7), try component(11), try component(13))
    let cartesian = try (0..<3).map { _ in try SharedArray(repeating: Float.nan, count: count) }
    let convert = Convert(
      latitudes: latitudes, longitudes: longitudes, heights: heights, east: east, north: north, up: up,
      x: cartesian[0], y: cartesian[1], z: cartesian[2])
    try await withPool(workers: 2) { pool in
      try await pool.forEach(convert, over: 0..<latitudes)
    }
    // The conversion preserves the length of each velocity.
    func length(_ parts: [SharedArray<Float>], _ index: Int) -> Float {
      parts.reduce(0) { $0 + $1[index] * $1[index] }.squareRoot()
    }
    let worst = (0..<count).map { abs(length([east, north, up], $0) - length(cartesian, $0)) }.max()!
    print("\(count) velocities converted; lengths differ by less than 0.0001: \(worst < 1e-4)")
  }
}
