/// The number of inputs that a caller hands over next, and the size of their chunks.
///
/// The demand of the workers, the maximum number of items that the caller may have under way, and
/// a given chunk size can contradict each other. One rule takes precedence: **if nothing of the
/// call is under way, at least one chunk is handed over**. Otherwise the call would wait for ever.
struct Submission: Equatable {
  /// A number of whole chunks, unless the size is chosen automatically.
  var count: Int
  var chunkSize: Int

  static let none = Submission(count: 0, chunkSize: 1)

  /// The items that a caller has under way, and may have.
  struct Standing {
    /// The maximum number of items under way: in the pool, or held by the caller.
    var limit: Int
    /// The number of items that have ended but were not delivered yet.
    var held: Int
    /// The number of items that have not ended.
    var inPool: Int
    /// The number of inputs left, if it is known.
    var remaining: Int?
  }

  private init(count: Int, chunkSize: Int) {
    self.count = count
    self.chunkSize = chunkSize
  }

  /// - Parameters:
  ///   - chunkSize: the given size of chunks, if any.
  ///   - standing: the items that the caller has under way, and may have.
  ///   - most: the maximum number of inputs to take at once.
  init(
    _ demand: Demand, chunkSize given: Int?, _ standing: Standing, workers: Int, most: Int = .max
  ) {
    let (limit, held, inPool) = (standing.limit, standing.held, standing.inPool)
    guard demand.items > 0 else {
      self = .none
      return
    }
    let least = given ?? 1
    let isIdle = held == 0 && inPool == 0
    let room = isIdle ? max(limit, least) : limit - held - inPool
    let wanted = min(demand.items, room, max(most, least))
    guard wanted > 0 else {
      self = .none
      return
    }
    var chunk = demand.chunkSize
    if given == nil {
      // Smaller chunks towards the end, so that all workers finish together, and with a low limit.
      if let remaining = standing.remaining { chunk = min(chunk, remaining / (2 * workers)) }
      chunk = max(1, min(chunk, limit / (2 * workers), wanted))
    }
    // Whole chunks only: a chunk of a given size is not cut short while more inputs may follow.
    self.init(count: wanted / chunk * chunk, chunkSize: chunk)
  }
}
