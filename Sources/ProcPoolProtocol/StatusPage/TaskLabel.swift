/// The name of a task's type, truncated to the room on a page.
package struct TaskLabel: Equatable, Sendable {
  /// 64 bytes of UTF-8, padded with zeros.
  var words = SIMD8<UInt64>()

  /// The number of 64-bit words of a label.
  static var wordCount: Int { 8 }

  init() {}

  package init(_ name: String) {
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: name.utf8.prefix($0.count)) }
  }

  package var text: String {
    withUnsafeBytes(of: words) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
