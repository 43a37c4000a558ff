/// A coding key with a name or a number, for paths in errors.
struct PathKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }

  init(index: Int) {
    stringValue = "Index \(index)"
    intValue = index
  }

  static var `super`: PathKey { PathKey(stringValue: "super") }
}

/// The step from a container to one of its values.
enum PathStep {
  /// The value is the container's whole content.
  case none
  case key(String)
  case index(Int)

  var codingKey: PathKey? {
    switch self {
    case .none: nil
    case .key(let name): PathKey(stringValue: name)
    case .index(let index): PathKey(index: index)
    }
  }
}
