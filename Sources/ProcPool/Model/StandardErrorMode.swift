import ProcPoolProtocol
import ProcPoolWorker

/// The destination of what workers write to standard error and what their tasks print.
///
/// In every mode, the last lines of a lost worker are part of its report
/// (``WorkerLoss/standardError``). Text that a task prints without a final newline is sent at the
/// end of its chunk, or when the worker crashes or exits. It is lost if the worker is killed or
/// calls `_exit`.
///
/// `inherited` and `prefixed` write to the file that descriptor 2 referred to when the pool was
/// created: redirect it before that. If the descriptor is closed later, a file that gets its number
/// receives none of the text. If the file accepts no data for a while (a full pipe, a terminal
/// stopped by Ctrl-S), the workers that write block, as if they wrote to it themselves; time
/// limits, cancellation and other workers are not affected. If it will never accept data again (its
/// reader has closed it, its disk is full), the text is dropped.
///
/// ``Pool/join()`` returns, and an exiting program exits, when all text has been written. Both drop
/// the rest after 10 seconds without progress, and after 60 seconds in any case. Up to 16 MiB of
/// text from workers that have ended is buffered; a line on standard error says how many bytes
/// beyond that were dropped.
public enum StandardErrorMode: Sendable {
  /// Writes text to the coordinator's standard error unchanged, in whole lines, so that lines of
  /// different workers are not interleaved. A line is split if it is longer than 64 KiB, or if its
  /// newline does not arrive within half a second.
  case inherited
  /// Drops text.
  case discarded
  /// Writes text to the coordinator's standard error line by line, each line prefixed with its
  /// worker. A line longer than 64 KiB is split.
  case prefixed
  /// Passes each line to a closure on the pool's runtime thread, which serves all workers: it must
  /// return quickly. A line longer than 64 KiB is split between Unicode scalars. Invalid UTF-8
  /// becomes U+FFFD.
  case lines(@Sendable (WorkerID, String) -> Void)
  /// Passes the text of an item to a closure when the item has ended, possibly shortly after its
  /// result is available. Only the end of long texts is kept, at least 1 MiB. The closure runs on
  /// the pool's runtime thread, as for `lines`. Text that belongs to no item is dropped. Costs one
  /// system call per item. For `mapReduce` an item is a part.
  case items(@Sendable (ItemID, WorkerID, String) -> Void)

  var marksItems: Bool {
    if case .items = self { return true }
    return false
  }
}
