/// A task value in the frame that sends it to workers.
struct EncodedTask {
  let type: any Any.Type
  /// The frame, without the numbers of the call and of the task.
  let frame: FrameMemory
  /// The key by which workers that keep the task are found; `nil` if it is not to be kept.
  let key: TaskKey?
  /// The number of bytes that were copied out of the task.
  let bytesCopied: Int
}
