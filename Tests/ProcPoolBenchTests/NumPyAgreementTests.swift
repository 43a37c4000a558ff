import Testing

@testable import ProcPoolBench

import struct Foundation.Data
import struct Foundation.URL
import class Foundation.FileManager
import class Foundation.JSONSerialization

/// Headers, each with the version of its file, and whether it is read.
///
/// What NumPy says of every one of them is looked up where there is a NumPy, by the tests below.
private struct HeaderVariant: CustomTestStringConvertible, Sendable {
  enum Fate: Equatable {
    /// As `np.load` does it.
    case read, refused
    /// NumPy reads it, and we do not: `NumPyHeader` says why.
    case refusedThoughNumPyReadsIt
  }

  var bytes: [UInt8]
  var version: [UInt8]
  var fate: Fate

  /// Six numbers of eight bytes follow, of which a header's shape may want fewer.
  var numbers = 48

  init(_ text: String, version: [UInt8] = [1, 0], _ fate: Fate, numbers: Int = 48) {
    self.init(bytes: Array(text.utf8), version: version, fate, numbers: numbers)
  }

  init(bytes: [UInt8], version: [UInt8] = [1, 0], _ fate: Fate, numbers: Int = 48) {
    self.bytes = bytes
    self.version = version
    self.fate = fate
    self.numbers = numbers
  }

  static func descr(_ descr: String, _ fate: Fate, numbers: Int = 48) -> HeaderVariant {
    HeaderVariant("{'descr': \(descr), 'fortran_order': False, 'shape': (6,), }", fate, numbers: numbers)
  }

  static func shape(
    _ shape: String, _ fate: Fate, version: [UInt8] = [1, 0], numbers: Int = 48
  ) -> HeaderVariant {
    HeaderVariant(
      "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }", version: version, fate,
      numbers: numbers)
  }

  var file: [UInt8] {
    let size = version[0] == 1 ? 2 : 4
    let length = (0..<size).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + version + length + bytes + [UInt8](repeating: 0, count: numbers)
  }

  var testDescription: String {
    "\(version): \(String(decoding: bytes.prefix(100), as: UTF8.self).debugDescription)"
  }
}

private let good = "{'descr': '<f8', 'fortran_order': False, 'shape': (6,)}"

private let variants: [HeaderVariant] =
  [
    // Types
    .descr("'<f8'", .read), .descr("'=f8'", .read), .descr("'|f8'", .read), .descr("'f8'", .read),
    .descr("'d'", .read), .descr("'<d'", .read), .descr("'float64'", .read), .descr("'double'", .read),
    .descr("'float'", .read), .descr("'=f4'", .read, numbers: 24), .descr("'f'", .read, numbers: 24),
    .descr("'|f4'", .read, numbers: 24), .descr("'single'", .read, numbers: 24),
    .descr("'float32'", .read, numbers: 24), .descr("'<float64'", .refused), .descr("'Float64'", .refused),
    .descr("'F8'", .refused), .descr("'d8'", .refused), .descr("'@f8'", .refused), .descr("' <f8'", .refused),
    .descr("''", .refused), .descr("None", .refused), .descr("8", .refused), .descr("b'<f8'", .refused),
    .descr("('<f8')", .read), .descr("u'<f8'", .read), .descr("U'<f8'", .read), .descr("r'<f8'", .read),
    .descr("f'<f8'", .refused), .descr("ur'<f8'", .refused), .descr("'<f' '8'", .read),
    .descr("'<f'\"8\"", .read), .descr("'<f' b'8'", .refused), .descr("'''<f8'''", .read),
    .descr("\"\"\"<f8\"\"\"", .read), .descr("'\\x3cf8'", .read), .descr("'\\74f8'", .read),
    .descr("'\\u003cf8'", .read), .descr("'\\U0000003cf8'", .read), .descr("'<f\\\n8'", .read),
    .descr("'\\x3'", .refused), .descr("'\\q<f8'", .refused), .descr("'<f8\n'", .refused),
    .descr("'\\N{LESS-THAN SIGN}f8'", .refusedThoughNumPyReadsIt),
    .descr("'<f 8'", .refusedThoughNumPyReadsIt),
    .descr("'<f08'", .refusedThoughNumPyReadsIt), .descr("'(1,)f8'", .refusedThoughNumPyReadsIt),
    .descr("('<f8', (1,))", .refusedThoughNumPyReadsIt), .descr("'>f8'", .refusedThoughNumPyReadsIt),
    .descr("'<i8'", .refusedThoughNumPyReadsIt), .descr("[('a', '<f8')]", .refusedThoughNumPyReadsIt),
    .descr("'<f8", .refused), .descr("[, ]", .refused), .descr("[('a', '<f8'", .refused),
    // Shapes
    .shape("(6,)", .read), .shape("(6)", .refused), .shape("((6,))", .read), .shape("(((6)),)", .read),
    .shape("(06,)", .refused), .shape("(06, 5)", .refused), .shape("(00, 6)", .read, numbers: 0),
    .shape("(0_0, 6)", .read, numbers: 0), .shape("(0_6,)", .refused), .shape("(1_0,)", .read, numbers: 80),
    .shape("(1__0,)", .refused), .shape("(1_,)", .refused), .shape("(0x6,)", .read), .shape("(0X_6,)", .read),
    .shape("(0b110,)", .read), .shape("(0o6,)", .read), .shape("(0xg,)", .refused), .shape("(0x,)", .refused),
    .shape("(+6,)", .read), .shape("(+ 6,)", .read), .shape("(+(6),)", .read), .shape("(-6,)", .refused),
    .shape("(-1,)", .refused), .shape("(-(6),)", .refused), .shape("(--6,)", .refused),
    .shape("(~6,)", .refused),
    .shape("(-0, 6)", .read, numbers: 0), .shape("(True,)", .refused), .shape("(+True,)", .refused),
    .shape("(2.5,)", .refused), .shape("(6.0,)", .refused), .shape("(6e0,)", .refused),
    .shape("(6j,)", .refused),
    .shape("(5+1,)", .refused), .shape("('6',)", .refused), .shape("(None,)", .refused),
    .shape("(6, (1,))", .refused),
    .shape("()", .read, numbers: 8), .shape("(,)", .refused), .shape("(6,,)", .refused),
    .shape("(6 1)", .refused),
    .shape("[6]", .refused), .shape("6", .refused), .shape("(6, 1, )", .read), .shape("(6\n,\r\n)", .read),
    .shape("(6, # six\n)", .read), .shape("(6,)#", .refused), .shape("(6,\\\n1)", .read),
    .shape("(6or 7,)", .refused),
    .shape("(*(6,),)", .refused), .shape("(\u{666},)", .refused, version: [3, 0]),
    .shape("(99999999999999999999,)", .refused), .shape("(4611686018427387904, 4)", .refused),
    .shape("(4294967296, 4294967296)", .refused, numbers: 0),
    .shape("(0, 4611686018427387904, 4)", .refused, numbers: 0),
    .shape("(6, 1000000000, 0)", .read, numbers: 0),
    .shape("(6, 4611686018427387904, 0)", .refused, numbers: 0),
    .shape("(" + String(repeating: "1,", count: 64) + ")", .read, numbers: 8),
    .shape("(" + String(repeating: "1,", count: 65) + ")", .refused, numbers: 8),
    .shape("(" + String(repeating: "1,", count: 3_000) + ")", .refused, numbers: 8),
    .shape("(" + String(repeating: "(", count: 198) + "6" + String(repeating: ")", count: 198) + ",)", .read),
    .shape(
      "(" + String(repeating: "(", count: 250) + "6" + String(repeating: ")", count: 250) + ",)", .refused),
    .shape(String(repeating: "(", count: 4_000), .refused), .shape("(6,)", .refused, numbers: 40),
    .shape("(6,)", .refusedThoughNumPyReadsIt, numbers: 56),
    // Long numbers of Python 2
    .shape("(6L,)", .read), .shape("(6L,)", .read, version: [2, 0]),
    .shape("(6L,)", .refused, version: [3, 0]),
    .shape("(6 L,)", .read), .shape("(0x6L,)", .read), .shape("(6LL,)", .refused), .shape("(6l,)", .refused),
    .shape("(6L1,)", .refused), .shape("(L,)", .refused), .shape("(6.0L,)", .refused),
    // The whole
    .init(good, .read), .init(good + "\n", .read), .init("  \t" + good, .read), .init("\n" + good, .read),
    .init("\n " + good, .refused), .init("\u{C}" + good, .read), .init(good + "\r\n", .read),
    .init(good + " # the end", .read), .init("# here\n" + good, .read), .init("(" + good + ")", .read),
    .init(good + "\n ", .read), .init(good + "\n ", version: [3, 0], .refused),
    .init(good + "\n #", version: [3, 0], .read), .init(good + "  ", version: [3, 0], .read),
    .init(good + "\\\n", .refused), .init(good + "\\\n ", .read), .init("\\\n" + good, .read),
    .init(good + ",", .refused), .init(good + ";", .refused), .init(good + good, .refused),
    .init(good + "\0", .refused),
    .init("", .refused), .init("{", .refused), .init("{}", .refused), .init("set()", .refused),
    .init("None", .refused),
    .init(String(good.dropLast()), .refused), .init("\u{FEFF}" + good, version: [3, 0], .refused),
    .init("{'shape': (6,), 'fortran_order': True, \"descr\": '<f8', }", .read),
    .init("{'descr':'<f8','fortran_order':False,'shape':(6,)}", .read),
    .init("{ 'descr' : '<f8' , 'fortran_order' : ( False ) , 'shape' : ( 6 , ) , }", .read),
    .init("{'descr': '<f8', 'fortran_order': False, 'shape': (6,),, }", .refused),
    .init("{, 'descr': '<f8', 'fortran_order': False, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8' 'fortran_order': False, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': False}", .refused),
    .init("{'descr': '<f8', 'fortran_order': False, 'shape': (6,), 'more': 1}", .refused),
    .init("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'shape': (6,)}", .read),
    .init("{'descr': '<f8', 'fortran_order': False, 'shape': (6,), 'sh' 'ape': (6,)}", .read),
    .init("{b'descr': '<f8', 'fortran_order': False, 'shape': (6,)}", .refused),
    .init("{1: '<f8', 'fortran_order': False, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': 0, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': None, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': 'False', 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': Falsely, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': not True, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': False, **{}, 'shape': (6,)}", .refused),
    .init("{'descr': '<f8', 'fortran_order': False,\u{A0}'shape': (6,)}", .refused),
    .init("{'descr'\u{301}: '<f8', 'fortran_order': False, 'shape': (6,)}", version: [3, 0], .refused),
    .init("dict(descr='<f8', fortran_order=False, shape=(6,))", .refused),
    .init(bytes: Array(good.utf8) + [0x20, 0x23, 0xE9], .read),
    .init(bytes: Array(good.utf8) + [0x20, 0x23, 0xE9], version: [3, 0], .refused),
    // How long it may be
    .init(good + String(repeating: " ", count: 10_000 - good.utf8.count), version: [2, 0], .read),
    .init(good + String(repeating: " ", count: 10_001 - good.utf8.count), version: [2, 0], .refused),
  ]
  // Versions
  + [(1, 0), (2, 0), (3, 0)].map { .init(good, version: [$0, $1], .read) }
  + [(0, 0), (1, 1), (1, 255), (2, 1), (2, 9), (3, 1), (4, 0), (9, 0)].map {
    .init(good, version: [$0, $1], .refused)
  }

/// A folder of files, and what NumPy makes of each.
private enum NumPy {
  private static let python = URL(fileURLWithPath: "/usr/bin/env")

  static func isThere() async -> Bool {
    let outcome = try? await Program.run(["python3", "-c", "import numpy"], at: python)
    return outcome?.status == 0
  }

  /// The shape and the order of each file as NumPy reads them, and `nil` where it refuses.
  static func read(_ files: [[UInt8]]) async throws -> [String?] {
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (index, file) in files.enumerated() {
      try Data(file).write(to: folder.appendingPathComponent("\(index).npy"))
    }
    let script = """
      import json, numpy, sys, warnings
      warnings.simplefilter("ignore")
      def read(index):
        try:
          array = numpy.load(f"{sys.argv[1]}/{index}.npy")
          order = "F" if array.flags.fnc else "C"
          return f"{array.dtype.str} {array.shape} {order}"
        except BaseException as error:
          return None
      print(json.dumps([read(index) for index in range(int(sys.argv[2]))]))
      """
    let outcome = try await Program.run(
      ["python3", "-c", script, folder.path, "\(files.count)"], at: python)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let answers = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [Any])
    return answers.map { $0 as? String }
  }
}

/// What we make of a file, as NumPy's answer has it.
private func ours(_ file: [UInt8]) throws -> String? {
  let path = Scratch.path()
  defer { try? FileManager.default.removeItem(at: path) }
  try Data(file).write(to: path)
  do {
    let array = try NumPyFile(contentsOf: path.path)
    let type =
      switch array.numbers {
      case .f32: "<f4"
      case .f64: "<f8"
      }
    // What has one dimension, or only one row or column, is in both orders.
    let isOfOneOrder = array.shape.count { $0 > 1 } > 1 && !array.shape.contains(0)
    let shape =
      array.shape.count == 1
      ? "(\(array.shape[0]),)" : "(\(array.shape.map(String.init).joined(separator: ", ")))"
    return "\(type) \(shape) \(array.isColumnMajor && isOfOneOrder ? "F" : "C")"
  } catch {
    let message = "\(error)"
    // Whatever is in the file.
    #expect(message.utf8.count < 600 && !message.utf8.contains { $0 < 0x20 || $0 == 0x7F })
    return nil
  }
}

@Suite("Headers are read as NumPy reads them", .timeLimit(.minutes(5))) struct NumPyAgreement {
  @Test("What NumPy refuses is refused, and what it reads of our types is read", arguments: variants)
  fileprivate func table(variant: HeaderVariant) throws {
    #expect((try ours(variant.file) != nil) == (variant.fate == .read))
  }

  @Test(
    "The table is right: NumPy itself says so",
    .enabled("there is no NumPy here") { await NumPy.isThere() })
  func numPySaysTheSame() async throws {
    let answers = try await NumPy.read(variants.map(\.file))
    for (variant, answer) in zip(variants, answers) {
      #expect((answer != nil) == (variant.fate != .refused), "\(variant.testDescription)")
      if variant.fate == .read { #expect(try ours(variant.file) == answer, "\(variant.testDescription)") }
    }
  }

  @Test(
    "Of headers changed at random none is read that NumPy refuses, and none otherwise than NumPy reads it",
    .enabled("there is no NumPy here") { await NumPy.isThere() })
  func random() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = RandomNumbers(seed: seed)
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    let pieces = [
      "'", "\"", "(", ")", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "\r\n", "\\", "#", "L", "6", "0",
      "-",
      "+", "_", ".", "e", "j", "x", "0x", "u'", "r'", "b'", "True", "False", "None", "'shape'", "(6,)",
      "'<f8'", "*",
      "'''", "\u{C}", "\u{E9}", "\0", "\\x41", "\\\n", "1L", "(2, 3)", "(3, 2,)", "'=f8'", "'float64'",
    ]
    let files = (0..<3_000).map { _ -> HeaderVariant in
      var text = good
      if below(3) == 0 { text = text.replacing("(6,)", with: "(2, 3)").replacing("False", with: "True") }
      for _ in 0...below(2) {
        var scalars = Array(text.unicodeScalars)
        let place = below(scalars.count + 1)
        switch below(3) {
        case 0: scalars.insert(contentsOf: pieces[below(pieces.count)].unicodeScalars, at: place)
        case 1 where place < scalars.count: scalars.remove(at: place)
        default:
          let end = min(scalars.count, place + below(4))
          scalars.replaceSubrange(place..<end, with: pieces[below(pieces.count)].unicodeScalars)
        }
        text = String(String.UnicodeScalarView(scalars))
      }
      return HeaderVariant(text, version: [UInt8(1 + below(3)), 0], .read)
    }
    let answers = try await NumPy.read(files.map(\.file))
    var readByBoth = 0
    for (variant, answer) in zip(files, answers) {
      let own = try ours(variant.file)
      if own != nil { #expect(own == answer, "seed \(seed): \(variant.testDescription)") }
      if let answer, own == nil, answer.hasPrefix("<f8 ") || answer.hasPrefix("<f4 ") {
        // Other spellings of the types, and fewer numbers than there are.
        let usual = answer == "<f8 (6,) C" || answer.hasPrefix("<f8 (2, 3)") || answer.hasPrefix("<f8 (3, 2)")
        let text = String(decoding: variant.bytes, as: UTF8.self)
        #expect(
          !usual || !text.contains("'<f8'") || text.contains("\\N"),
          "seed \(seed): \(variant.testDescription)")
      }
      readByBoth += own == nil ? 0 : 1
    }
    #expect(readByBoth > 50)
  }
}
