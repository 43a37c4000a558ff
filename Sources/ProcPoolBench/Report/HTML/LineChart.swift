import Glibc

/// A line chart as SVG, which scales to any screen.
struct LineChart: Sendable {
  struct Axis: Sendable {
    enum Scale: Sendable {
      case linear
      /// A logarithmic scale with a base.
      case logarithmic(Double)
    }

    var title: String
    var scale: Scale
    /// The values with a grid line and, if there is room, a number.
    var ticks: [(value: Double, text: String)]
    var range: ClosedRange<Double>

    /// Returns the position of a value on the axis, from 0 to 1.
    func position(_ value: Double) -> Double {
      let (low, high) = (range.lowerBound, range.upperBound)
      switch scale {
      case .linear: return (value - low) / (high - low)
      case .logarithmic: return (log(value) - log(low)) / (log(high) - log(low))
      }
    }
  }

  struct Series: Sendable {
    var name: String
    var points: [(x: Double, y: Double)]
    /// Whether the line is the ideal, which is dashed and without points.
    var isIdeal = false
  }

  var title: String
  var x: Axis
  var y: Axis
  var series: [Series]
  /// A named position on the x axis.
  var mark: (value: Double, text: String)?

  /// A text and its bounding box, a generous estimate.
  struct Label: Equatable, Sendable {
    enum Anchor: String, Sendable { case start, middle, end }
    var text: String
    var x: Double
    var y: Double
    var anchor: Anchor
    /// Whether the text is rotated to run upwards.
    var isTurned = false
    var kind: String

    /// An upper bound of the mean character width of common fonts.
    static let characterWidth = 7.5
    static let height = 11.0

    var box: (left: Double, top: Double, right: Double, bottom: Double) {
      let width = Double(text.count) * Self.characterWidth
      let shift =
        switch anchor {
        case .start: 0.0
        case .middle: width / 2
        case .end: width
        }
      guard isTurned else { return (x - shift, y - Self.height + 2, x - shift + width, y + 2) }
      return (x - Self.height + 2, y + shift - width, x + 2, y + shift)
    }

    func overlaps(_ other: Label) -> Bool {
      let (one, two) = (box, other.box)
      // At least one character of space between two labels on a line.
      let gap = isTurned || other.isTurned ? 0 : Self.characterWidth
      return one.left < two.right + gap && two.left < one.right + gap && one.top < two.bottom
        && two.top < one.bottom
    }
  }

  /// The width of a phone. The page scales the chart up on larger screens.
  static let width = 360.0
  static let height = 250.0
  private static let plot = (left: 72.0, top: 22.0, right: 340.0, bottom: 204.0)

  private func px(_ value: Double) -> Double {
    Self.plot.left + x.position(value) * (Self.plot.right - Self.plot.left)
  }

  private func py(_ value: Double) -> Double {
    Self.plot.bottom - y.position(value) * (Self.plot.bottom - Self.plot.top)
  }

  /// The labels of the chart. A label that would overlap an earlier one is left out.
  var labels: [Label] {
    let plot = Self.plot
    var labels = [
      Label(
        text: x.title, x: (plot.left + plot.right) / 2, y: Self.height - 8, anchor: .middle, kind: "title"),
      Label(
        text: y.title, x: 11, y: (plot.top + plot.bottom) / 2, anchor: .middle, isTurned: true, kind: "title"),
    ]
    func add(_ label: Label) {
      let box = label.box
      guard box.left >= 0, box.right <= Self.width, !labels.contains(where: label.overlaps) else { return }
      labels.append(label)
    }
    for tick in x.ticks {
      add(Label(text: tick.text, x: px(tick.value), y: plot.bottom + 16, anchor: .middle, kind: "tick"))
    }
    for tick in y.ticks {
      add(Label(text: tick.text, x: plot.left - 6, y: py(tick.value) + 4, anchor: .end, kind: "tick"))
    }
    if let mark {
      let place = px(mark.value)
      let half = Double(mark.text.count) * Label.characterWidth / 2
      // Above the plot, as close to its line as the chart's edges allow.
      let centre = min(max(place, half), Self.width - half)
      add(Label(text: mark.text, x: centre, y: plot.top - 8, anchor: .middle, kind: "mark"))
    }
    return labels
  }

  var markup: Markup {
    let legend = series.enumerated().map { index, one -> Markup in
      "<span><i class=\"key \(style(one, index))\"></i>\(one.name)</span>"
    }
    return """
      <figure class="lines">
      <figcaption>\(title)</figcaption>
      <p class="legend">\(Markup.joined(legend, by: " "))</p>
      <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(title)">
      \(Markup.joined(grid + lines + labels.map(Self.text)))
      </svg>
      </figure>
      """
  }

  private func style(_ series: Series, _ index: Int) -> String {
    series.isIdeal ? "ideal" : "s\(index % 4)"
  }

  private var grid: [Markup] {
    let plot = Self.plot
    var lines = x.ticks.map { tick -> Markup in
      "<line class=\"grid\" x1=\"\(px(tick.value))\" x2=\"\(px(tick.value))\" y1=\"\(plot.top)\" y2=\"\(plot.bottom)\"/>"
    }
    lines += y.ticks.map { tick -> Markup in
      "<line class=\"grid\" x1=\"\(plot.left)\" x2=\"\(plot.right)\" y1=\"\(py(tick.value))\" y2=\"\(py(tick.value))\"/>"
    }
    if let mark {
      lines.append(
        "<line class=\"mark\" x1=\"\(px(mark.value))\" x2=\"\(px(mark.value))\" y1=\"\(plot.top - 4)\" y2=\"\(plot.bottom)\"/>"
      )
    }
    return lines
  }

  private var lines: [Markup] {
    series.enumerated().flatMap { index, one -> [Markup] in
      let style = style(one, index)
      let path = one.points.map { point -> Markup in "\(px(point.x)),\(py(point.y))" }
      let line: Markup = "<polyline class=\"\(style)\" points=\"\(Markup.joined(path, by: " "))\"/>"
      if one.isIdeal { return [line] }
      return [line]
        + one.points.map { point -> Markup in
          "<circle class=\"\(style)\" cx=\"\(px(point.x))\" cy=\"\(py(point.y))\" r=\"3\"/>"
        }
    }
  }

  private static func text(_ label: Label) -> Markup {
    let turn: Markup = label.isTurned ? " transform=\"rotate(-90 \(label.x) \(label.y))\"" : ""
    return
      "<text class=\"\(label.kind)\" x=\"\(label.x)\" y=\"\(label.y)\" text-anchor=\"\(label.anchor.rawValue)\"\(turn)>\(label.text)</text>"
  }
}
