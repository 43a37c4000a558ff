import ProcPoolSystem

extension Duration {
  /// The duration rounded to three significant digits, for messages.
  var rounded: Duration {
    let unit = max(1, nanoseconds)
    var step: Int64 = 1
    while unit / step >= 1000 { step *= 10 }
    return .nanoseconds(nanoseconds.addingSaturating(step / 2) / step * step)
  }
}
