import BenchTasks
import Glibc
import ProcPoolSystem

/// An array that was read from a file in NumPy's format, or will be written to one.
public struct NumPyFile: Sendable {
  /// The reason why a file cannot be used, and what is accepted.
  public struct Unusable: Error, CustomStringConvertible {
    /// The reason, as a sentence for the user.
    public let description: String
  }

  /// The elements, of a type that the benchmark supports.
  enum Numbers: Sendable {
    case f32([Float])
    case f64([Double])

    init<Scalar: MatrixScalar>(_ numbers: [Scalar]) {
      self = (numbers as? [Float]).map(Numbers.f32) ?? .f64(numbers.map { Double($0) })
    }
  }

  /// The path.
  let name: String
  let shape: [Int]
  /// Whether the first index varies fastest (Fortran order).
  let isColumnMajor: Bool
  /// The elements in file order.
  let numbers: Numbers

  /// Creates an array in C order.
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
  /// - Throws: ``Unusable`` if the file cannot be read, is not in NumPy's format, has an
  ///   unsupported element type, has more or fewer elements than its header declares (NumPy ignores
  ///   excess bytes), or does not fit into memory.
  public init(contentsOf path: String) throws(Unusable) {
    func unusable(_ reason: String) -> Unusable {
      Unusable(
        description:
          "\(Self.shown(path)) \(reason); accepted: a file that np.save writes for a little-endian "
          + "array of float32 or float64, in C or F order")
    }
    func open() throws(Unusable) -> Descriptor {
      do throws(SystemError) {
        // Nonblocking, because opening a pipe without a writer would wait. Pipes are rejected
        // below.
        return try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
      } catch {
        throw unusable("cannot be read (\(String(cString: strerror(error.code))))")
      }
    }
    let file = try open()
    var information = stat()
    guard fstat(file.number, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw unusable("is not a regular file")
    }

    var prefix = [UInt8](repeating: 0, count: NumPyHeader.prefixLength)
    prefix.removeLast(prefix.count - prefix.withUnsafeMutableBytes { file.read(into: $0, at: 0) })
    if prefix.starts(with: Array("PK".utf8)) { throw unusable("is an archive of several arrays (np.savez)") }
    guard let range = NumPyHeader.textRange(prefix: prefix) else {
      throw unusable(
        "is not in NumPy's format (version 1.0, 2.0 or 3.0, with a header of at most 10,000 bytes)")
    }
    var text = [UInt8](repeating: 0, count: range.count)
    let textCount = text.withUnsafeMutableBytes { file.read(into: $0, at: range.lowerBound) }
    guard textCount == range.count else { throw unusable("has a damaged header: the file ends within it") }
    let header: NumPyHeader
    do throws(NumPyHeader.Damage) {
      header = try NumPyHeader(text: text, version: prefix[6])
    } catch {
      throw unusable("has a damaged header: \(error.reason)")
    }
    guard let type = header.elementType else {
      throw unusable("has elements of type \(NumPyHeader.excerpt(header.type))")
    }
    let size = Int(information.st_size) - range.upperBound
    func read<Number: MatrixScalar>(_: Number.Type) throws(Unusable) -> [Number] {
      guard let count = header.count(ofSize: MemoryLayout<Number>.size),
        count * MemoryLayout<Number>.size == size
      else {
        throw unusable(
          "holds \(size) bytes of data, but its header declares \(Number.label) of shape "
            + "\(Self.text(header.shape))")
      }
      // A sparse file of any size can be created without the disk space for it. Twice the size,
      // because the computation uses a copy in another order or in shared memory.
      guard size <= (MemoryAllowance.available() ?? .max) / 2, Self.canAllocate(size) else {
        throw unusable(
          "holds \(Units.bytes(Double(size))) of numbers; reading them needs twice as much memory, which is not available"
        )
      }
      var bytesRead = 0
      let numbers = [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
        bytesRead = file.read(into: UnsafeMutableRawBufferPointer(buffer), at: range.upperBound)
        initialized = bytesRead / MemoryLayout<Number>.size
      }
      guard bytesRead == size else { throw unusable("was truncated while it was being read") }
      return numbers
    }
    let numbers: Numbers =
      switch type {
      case .f32: .f32(try read(Float.self))
      case .f64: .f64(try read(Double.self))
      }
    self.init(name: path, shape: header.shape, isColumnMajor: header.isColumnMajor, numbers)
  }

  /// Whether this process can allocate a number of bytes. A failing array allocation would crash
  /// the program.
  private static func canAllocate(_ count: Int) -> Bool {
    guard let memory = malloc(max(1, count)) else { return false }
    free(memory)
    return true
  }

  /// The path as messages quote it.
  private static func shown(_ path: String) -> String { path.visible(atMost: longestPath) }
  var shownName: String { Self.shown(name) }

  /// The maximum length of a quoted path. A longer one would fill the screen.
  private static let longestPath = 300

  /// A shape in Python's notation.
  static func text(_ shape: [Int]) -> String {
    NumPyHeader.excerpt(
      shape.count == 1 ? "(\(shape[0]),)" : "(\(shape.map(String.init).joined(separator: ", ")))")
  }

  /// The contents of the file: header and elements.
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
