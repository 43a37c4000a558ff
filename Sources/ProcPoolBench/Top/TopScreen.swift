import ProcPool
import ProcPoolSystem

/// The text that `procpool top` shows.
enum TopScreen {
  /// Returns the lines of a screen.
  ///
  /// - Parameters:
  ///   - height: the maximum number of lines; `nil` for no limit.
  ///   - footer: the last line.
  static func lines(
    _ pools: [PoolSnapshot], style: TextStyle, height: Int? = nil, footer: String = ""
  ) -> [String] {
    var lines = [style.tinted(cut(summary(pools), style), .title)]
    for pool in pools {
      lines.append("")
      lines.append(cut(title(pool), style))
      // Cut before colours are added, and without the rule, to save a line.
      let rows = table(pool).lines(TextStyle(width: style.width, hasColour: false)).map { cut($0, style) }
      lines += [style.tinted(rows[0], .title)] + rows.dropFirst(2)
    }
    if let height {
      let room = max(1, height - (footer.isEmpty ? 0 : 2))
      if lines.count > room {
        // One line counts those that do not fit.
        let hidden = lines.count - (room - 1)
        lines =
          Array(lines.prefix(room - 1)) + [cut("… \(hidden) more lines: a taller terminal, or --once", style)]
      }
      if !footer.isEmpty, height > 2 { lines += ["", cut(footer, style)] }
    }
    return lines
  }

  private static func summary(_ pools: [PoolSnapshot]) -> String {
    guard !pools.isEmpty else { return "no pools are running" }
    let workers = pools.reduce(0) { $0 + $1.workers.count }
    let rate = pools.reduce(0) { $0 + $1.itemsPerSecond }
    let memory = pools.reduce(0) { $0 + $1.memory }
    return "\(counted(pools.count, "pool")), \(counted(workers, "worker")), \(Units.count(rate)) items/s, "
      + "\(Units.bytes(Double(memory))) of memory"
  }

  private static func title(_ pool: PoolSnapshot) -> String {
    let working = pool.workers.count { $0.worker != nil }
    let standby = pool.workers.count - working
    // Another user's program may have any name.
    return "\(pool.program.visible(atMost: 100)) (\(pool.coordinator)): \(counted(working, "worker"))"
      + (standby > 0 ? " and \(standby) standing by" : "") + ", up \(time(pool.upSeconds)), "
      + "\(Units.count(Double(pool.items))) items, \(Units.count(pool.itemsPerSecond)) items/s"
  }

  private static func table(_ pool: PoolSnapshot) -> TextTable {
    var table = TextTable(columns: [
      .init(title: "worker", alignment: .right), .init(title: "process", alignment: .right),
      .init(title: "run", alignment: .right), .init(title: "copy", alignment: .right, rank: 2),
      .init(title: "wait", alignment: .right, rank: 3), .init(title: "items/s", alignment: .right),
      .init(title: "memory", alignment: .right), .init(title: "restarts", alignment: .right, rank: 4),
      .init(title: "for", alignment: .right), .init(title: "on", alignment: .left),
    ])
    for worker in pool.workers {
      table.add([
        worker.worker.map { "\($0)" } ?? "–", "\(worker.process)", percent(worker.running),
        percent(worker.copying), percent(worker.waiting), Units.count(worker.itemsPerSecond),
        worker.memory.map { Units.bytes(Double($0)) } ?? "?", "\(worker.restarts)",
        worker.item.map(age) ?? "", activity(worker),
      ])
    }
    return table
  }

  private static func activity(_ worker: WorkerSnapshot) -> String {
    if let item = worker.item {
      // The item comes first, because the end of a line may be cut and the names of generic types
      // are long.
      return "\(item.id.call.number):\(Units.grouped(item.id.index)) \(item.task.visible())"
    }
    if worker.isPreparing { return "preparing a task" }
    return worker.worker == nil ? "standing by" : "idle"
  }

  private static func age(_ item: WorkerSnapshot.Item) -> String {
    // The start of the item was not observed, and this is the first observation.
    if item.isAtLeast, item.seconds <= 0 { return "" }
    return (item.isAtLeast ? "≥ " : "") + time(item.seconds)
  }

  private static func counted(_ count: Int, _ name: String) -> String {
    count == 1 ? "1 \(name)" : "\(Units.grouped(count)) \(name)s"
  }

  private static func percent(_ share: Double) -> String { "\(Units.fixed(share * 100, decimals: 0))%" }

  /// Returns a time such as `12.0 ms`, `1.20 s`, `2:05`, `1:02:05`.
  private static func time(_ seconds: Double) -> String {
    seconds < 60 ? Units.seconds(max(0, seconds)) : ProgressText.time(.seconds(min(1e8, seconds)))
  }

  private static func cut(_ text: String, _ style: TextStyle) -> String {
    style.width.map { text.cut(toColumns: $0) } ?? text
  }
}

extension PoolSnapshot {
  var json: JSONValue {
    .object([
      ("coordinator", .integer(Int(coordinator))), ("program", .string(program)),
      ("upSeconds", .number(upSeconds)), ("items", .unsigned(items)),
      ("itemsPerSecond", .number(itemsPerSecond)), ("memoryBytes", .integer(memory)),
      ("workers", .array(workers.map(\.json))),
    ])
  }
}

extension WorkerSnapshot {
  var json: JSONValue {
    .object([
      ("worker", .optional(worker)), ("process", .integer(Int(process))), ("upSeconds", .number(upSeconds)),
      ("restarts", .integer(restarts)), ("items", .unsigned(items)),
      ("itemsPerSecond", .number(itemsPerSecond)),
      (
        "time",
        .object([("running", .number(running)), ("copying", .number(copying)), ("waiting", .number(waiting))])
      ),
      ("isPreparing", .bool(isPreparing)),
      (
        "item",
        item.map {
          .object([
            ("task", .string($0.task)), ("call", .integer(Int($0.id.call.number))),
            ("item", .integer($0.id.index)),
            ("seconds", .number($0.seconds)), ("isAtLeast", .bool($0.isAtLeast)),
          ])
        } ?? .null
      ),
      ("memoryBytes", .optional(memory)),
    ])
  }
}
