/// The limits of a call and its items.
struct CallLimits: Equatable {
  /// The time limit of an item.
  var timeout: Duration?
  /// The time limit of preparing the task; that of an item if `nil`.
  var preparationTimeout: Duration?
  /// The time limit of the call.
  var deadline: Duration?
  /// The maximum number of attempts at an item whose worker is lost.
  var attempts = 1
  /// The retries of an item whose task throws.
  var backoff: Backoff?

  /// The time limit of the worker's present activity.
  func limit(isPreparation: Bool) -> Duration? {
    isPreparation ? preparationTimeout ?? timeout : timeout
  }

  /// The shorter of the two limits on a worker's activities.
  var shortest: Duration? { [timeout, preparationTimeout].compactMap(\.self).min() }
}
