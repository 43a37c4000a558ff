import BenchTasks
import ProcPoolSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Numbers that came from a file in NumPy's format, or that are to become one.
public struct NumPyFile: Sendable {
  /// Why a file cannot be used: what is amiss, and what is accepted.
  public struct Unusable: Error, CustomStringConvertible {
    public let description: String
  }

  /// Numbers of one of the types that the benchmark computes with.
  enum Numbers: Sendable {
    case f32([Float])
    case f64([Double])

    init<Scalar: MatrixScalar>(_ numbers: [Scalar]) {
      self = (numbers as? [Float]).map(Numbers.f32) ?? .f64(numbers.map { Double($0) })
    }
  }

  /// What messages call it: its path.
  let name: String
  let shape: [Int]
  /// Whether the first index is the fastest.
  let isColumnMajor: Bool
  /// As they lie in the file.
  let numbers: Numbers

  /// Numbers whose last index is the fastest.
  init(name: String, shape: [Int], _ numbers: Numbers) {
    self.init(name: name, shape: shape, isColumnMajor: false, numbers)
  }

  private init(name: String, shape: [Int], isColumnMajor: Bool, _ numbers: Numbers) {
    self.name = name
    self.shape = shape
    self.isColumnMajor = isColumnMajor
    self.numbers = numbers
  }

  /// Reads a file.
  ///
  /// - Throws: ``Unusable`` if it cannot be read, is not in the format, has numbers of another type, or more or fewer
  ///   of them than it says.
  public init(contentsOf path: String) throws(Unusable) {
    func unusable(_ reason: String) -> Unusable {
      Unusable(
        description: "\(path) \(reason); accepted: what np.save writes of an array of float32 or float64, "
          + "little-endian, in C or F order")
    }
    var information = stat()
    // Not waited for: a pipe to which nobody writes is refused below.
    guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK),
      fstat(file.number, &information) == 0
    else { throw unusable("cannot be read (\(String(cString: strerror(errno))))") }
    guard information.st_mode & S_IFMT == S_IFREG else { throw unusable("is not a regular file") }

    var prefix = [UInt8](repeating: 0, count: NumPyHeader.prefixLength)
    prefix.removeLast(prefix.count - prefix.withUnsafeMutableBytes { Self.fill($0, from: file, at: 0) })
    if prefix.starts(with: Array("PK".utf8)) { throw unusable("is an archive of several arrays (np.savez)") }
    guard let range = NumPyHeader.textRange(prefix: prefix) else {
      throw unusable("is not in NumPy's format")
    }
    var text = [UInt8](repeating: 0, count: range.count)
    let textCount = text.withUnsafeMutableBytes { Self.fill($0, from: file, at: range.lowerBound) }
    guard textCount == range.count, let header = NumPyHeader(text: String(decoding: text, as: UTF8.self))
    else {
      throw unusable("has a damaged header")
    }
    let size = Int(information.st_size) - range.upperBound
    func read<Number: MatrixScalar>(_: Number.Type) throws(Unusable) -> [Number] {
      var count = 1
      var isHuge = false
      for length in header.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: length)
        count = product
        isHuge = isHuge || overflow
      }
      guard !isHuge, count <= size / MemoryLayout<Number>.size, count * MemoryLayout<Number>.size == size
      else {
        throw unusable(
          "has \(size) bytes of numbers, which are not the \(Number.label) of shape \(Self.text(header.shape)) "
            + "that its header promises")
      }
      var bytesRead = 0
      let numbers = [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
        bytesRead = Self.fill(UnsafeMutableRawBufferPointer(buffer), from: file, at: range.upperBound)
        initialized = bytesRead / MemoryLayout<Number>.size
      }
      guard bytesRead == size else { throw unusable("ended early as it was read") }
      return numbers
    }
    let numbers: Numbers =
      switch header.type {
      case "<f4": .f32(try read(Float.self))
      case "<f8": .f64(try read(Double.self))
      default: throw unusable("has elements of type \(header.type)")
      }
    self.init(name: path, shape: header.shape, isColumnMajor: header.isColumnMajor, numbers)
  }

  /// Reads until the memory is full or there is nothing more.
  ///
  /// - Returns: how many bytes there are now.
  private static func fill(
    _ memory: UnsafeMutableRawBufferPointer, from file: borrowing Descriptor, at offset: Int
  ) -> Int {
    var count = 0
    while count < memory.count {
      let read = pread(file.number, memory.baseAddress! + count, memory.count - count, off_t(offset + count))
      if read < 0 && errno == EINTR { continue }
      if read <= 0 { break }
      count += read
    }
    return count
  }

  /// A shape as Python writes it.
  static func text(_ shape: [Int]) -> String {
    shape.count == 1 ? "(\(shape[0]),)" : "(\(shape.map(String.init).joined(separator: ", ")))"
  }

  /// The file's contents: header and numbers.
  public var bytes: [UInt8] {
    func file<Number>(_ type: String, _ numbers: [Number]) -> [UInt8] {
      let header = NumPyHeader(type: type, isColumnMajor: isColumnMajor, shape: shape).bytes
      return numbers.withUnsafeBytes { numbers in
        [UInt8](unsafeUninitializedCapacity: header.count + numbers.count) { buffer, count in
          _ = buffer[..<header.count].initialize(fromContentsOf: header)
          _ = buffer[header.count...].initialize(fromContentsOf: numbers)
          count = buffer.count
        }
      }
    }
    return switch numbers {
    case .f32(let numbers): file("<f4", numbers)
    case .f64(let numbers): file("<f8", numbers)
    }
  }
}
