/// A task value in the frame that gives it to workers.
struct EncodedTask {
  let type: any Any.Type
  /// The frame, which lacks the numbers of the call and of the task.
  let frame: FrameMemory
  /// By which workers that keep the task are found; `nil` if it is not to be kept.
  let key: TaskKey?
  /// Bytes that were copied out of the task.
  let bytesCopied: Int
}
