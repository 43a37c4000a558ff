import Glibc

/// How much tests try of what there is too much of for every day: a part that is another each time, or with
/// `make thorough` all of it.
enum Sampling {
  private static let isThorough = getenv("PROCPOOL_THOROUGH") != nil

  /// The number for every day, or the other one.
  static func count(_ usual: Int, thoroughly all: Int) -> Int { isThorough ? all : usual }

  /// One element in so many, in the order that they have.
  static func part<Element>(_ elements: [Element], oneIn divisor: Int, _ seed: Seed) -> [Element] {
    if isThorough { return elements }
    var numbers = seed.numbers
    let chosen = elements.indices.shuffled(using: &numbers).prefix((elements.count + divisor - 1) / divisor)
    return chosen.sorted().map { elements[$0] }
  }
}
