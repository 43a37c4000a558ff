import CProcPoolShims
import Glibc

/// Reads the call stack of a thread of another process, without the cooperation of that process.
/// The process must be a child of this one, or the system must permit tracing it otherwise.
package enum StackWalk {
  /// A frame of the call stack.
  package struct Frame: Hashable, Sendable {
    /// The address of the current instruction, or the return address in a caller.
    package var address: UInt64
    /// The demangled name of the function, if there is a symbol for it.
    package var function: String?
    /// The path of the program or library, if the address belongs to one.
    package var image: String?

    /// Whether it is a Swift function, whose callers are found by its frame.
    fileprivate var isSwift = false
  }

  /// The maximum number of frames; outer frames are omitted.
  private static let mostFrames = 64
  /// The maximum number of C functions inside the innermost Swift frame; sleeping needs three.
  private static let mostUnframed = 8
  /// The number of bytes of the stack that are read at once. Words beyond them are read one by one.
  private static let windowSize = 1 << 16
  /// How long to wait until a thread stops, in milliseconds. A thread in uninterruptible sleep does
  /// not stop, and one that waits for a processor stops when it gets one.
  private static let patience = 1_000

  /// The frames of a thread, the innermost first; empty if the system does not permit tracing.
  ///
  /// The thread is stopped for about a millisecond. Swift functions maintain a chain of frames;
  /// functions of C libraries often do not, and may be missing.
  ///
  /// - Parameters:
  ///   - thread: the name of the thread.
  ///   - isRunning: whether the process ID still belongs to the intended process; called while the
  ///     thread is stopped.
  package static func frames(ofThread thread: String, process: Int32, isRunning: () -> Bool) -> [Frame] {
    guard let number = Self.number(ofThread: thread, process: process), number != process,
      procpool_trace_begin(number) == 0
    else { return [] }
    var stack = Stack()
    var images = MappedImages()
    var signal: Int32 = 0
    for _ in 0..<patience {
      let stopped = procpool_trace_wait(number, &signal)
      if stopped < 0 { break }
      if stopped > 0 {
        if isRunning() {
          images = MappedImages(ofProcess: process)
          stack = walk(number, process, images)
        }
        break
      }
      usleep(1_000)
    }
    procpool_trace_end(number, signal)
    return stack.frames(MappedImages.Symbols(images))
  }

  /// The addresses of the frames of a stack.
  private struct Stack {
    /// The address at which the thread was stopped.
    var counter: UInt64?
    /// The return address of the innermost function, if it is certain and not in the chain, because
    /// the function has just been entered or is about to return.
    var caller: UInt64?
    /// Possible return addresses on the stack below the innermost frame.
    var unframed: [UInt64] = []
    /// The return addresses in the chain of frames.
    var framed: [UInt64] = []

    func frames(_ symbols: MappedImages.Symbols) -> [Frame] {
      var symbols = symbols
      guard let counter else { return [] }
      var frames = [symbols.frame(at: counter, isReturn: false)]
      if let caller { frames.append(symbols.frame(at: caller, isReturn: true)) }
      let certain = frames.count
      // Functions of C libraries have no frame. The Swift function that has called them has one,
      // which is the innermost.
      for address in unframed where address != caller && !frames.last!.isSwift {
        frames.append(symbols.frame(at: address, isReturn: true))
      }
      if !frames.last!.isSwift { frames.removeSubrange(certain...) }
      return frames + framed.map { symbols.frame(at: $0, isReturn: true) }
    }
  }

  private static func number(ofThread name: String, process: Int32) -> Int32? {
    NumberFolder.entries("/proc/\(process)/task").first {
      TextFile.read("/proc/\(process)/task/\($0)/comm") == name + "\n"
    }
  }

  /// Follows the chain of frames: each starts with the address of the outer frame and the return
  /// address.
  private static func walk(_ thread: Int32, _ process: Int32, _ images: MappedImages) -> Stack {
    var (counter, stack, frame): (UInt64, UInt64, UInt64) = (0, 0, 0)
    guard procpool_trace_registers(thread, &counter, &stack, &frame) == 0 else { return Stack() }
    let window = StackWindow(process: process, from: stack, count: windowSize)
    func link(at frame: UInt64) -> (outer: UInt64, counter: UInt64)? {
      guard frame >= stack, frame % 8 == 0, let outer = window.word(at: frame),
        let counter = window.word(at: frame &+ 8), images.isReturn(to: counter)
      else { return nil }
      return (outer, counter)
    }
    var found = Stack(counter: counter)
    if let caller = caller(of: counter, process, frame, { window.word(at: stack &+ 8 * $0) }),
      images.isReturn(to: caller), followsCall(caller, process)
    {
      found.caller = caller
    }
    // A C library may use the register otherwise. Then the chain starts further out, at the first
    // position that looks like two links of it.
    if link(at: frame) == nil {
      frame =
        window.addresses.first { link(at: $0).map { $0.outer > stack && link(at: $0.outer) != nil } ?? false }
        ?? 0
    }
    // Lazily, because the thread is stopped in the meantime.
    found.unframed = Array(
      window.addresses.prefix { $0 < frame }.lazy.compactMap { window.word(at: $0) }
        .filter { images.isReturn(to: $0) && Self.followsCall($0, process) }.prefix(mostUnframed))
    while found.framed.count < mostFrames, let (outer, counter) = link(at: frame) {
      found.framed.append(counter)
      guard outer > frame else { break }
      frame = outer
    }
    return found
  }

  /// The possible return address of a function that has no frame of its own at this instruction.
  ///
  /// - Parameter word: returns a word of the stack, counted from its top.
  private static func caller(
    of counter: UInt64, _ process: Int32, _ frame: UInt64, _ word: (UInt64) -> UInt64?
  ) -> UInt64? {
    #if arch(x86_64)
      var bytes = [UInt8](repeating: 0, count: 3)
      guard procpool_read_memory(process, counter, &bytes, 3) == 3 else { return nil }
      // `push %rbp` is a function's first instruction, `ret` its last; `mov %rsp, %rbp` is its
      // second.
      if bytes[0] == 0x55 || bytes[0] == 0xC3 { return word(0) }
      return bytes == [0x48, 0x89, 0xE5] && word(0) == frame ? word(1) : nil
    #else
      return nil
    #endif
  }

  /// Whether the instruction before an address is a call.
  private static func followsCall(_ address: UInt64, _ process: Int32) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 7)
    guard procpool_read_memory(process, address &- 7, &bytes, 7) == 7 else { return false }
    #if arch(x86_64)
      // E8 and four bytes of distance, or FF /2 and up to five bytes for the operand.
      return bytes[2] == 0xE8
        || [0, 1, 3, 4, 5].contains { bytes[$0] == 0xFF && bytes[$0 + 1] & 0x38 == 0x10 }
    #elseif arch(arm64)
      let instruction = bytes[3...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return instruction & 0xFC00_0000 == 0x9400_0000 || instruction & 0xFFFF_FC1F == 0xD63F_0000
    #else
      return false
    #endif
  }
}

/// A part of the stack of another process.
private struct StackWindow {
  private let process: Int32
  private let start: UInt64
  private let words: [UInt64]

  init(process: Int32, from start: UInt64, count: Int) {
    self.process = process
    self.start = start & ~7
    words = [UInt64](unsafeUninitializedCapacity: count / 8) { memory, filled in
      filled = procpool_read_memory(process, start & ~7, memory.baseAddress, count) / 8
    }
  }

  /// The addresses of all words.
  var addresses: some Sequence<UInt64> { (0..<UInt64(words.count)).lazy.map { start + 8 * $0 } }

  func word(at address: UInt64) -> UInt64? {
    guard address >= start, address & 7 == 0 else { return nil }
    if (address - start) / 8 < UInt64(words.count) { return words[Int((address - start) / 8)] }
    var word: UInt64 = 0
    return procpool_read_memory(process, address, &word, 8) == 8 ? word : nil
  }
}

/// The code in a process's memory.
private struct MappedImages {
  struct Image {
    let range: Range<UInt64>
    /// The offset of the mapping in the file.
    let offset: UInt64
    let path: String
  }

  /// The mappings, in the order of their addresses.
  private var images: [Image] = []

  init() {}

  /// Reads the executable mappings from `/proc/PID/maps`: "start-end rwxp offset device inode
  /// path".
  init(ofProcess process: Int32) {
    images = (TextFile.read("/proc/\(process)/maps") ?? "").lines().compactMap { line in
      let words = line.split(separator: " ", maxSplits: 5)
      let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard words.count == 6, words[1].contains("x"), ends.count == 2, ends[0] < ends[1],
        let offset = UInt64(words[2], radix: 16)
      else { return nil }
      return Image(
        range: ends[0]..<ends[1], offset: offset, path: String(words[5].drop(while: { $0 == " " })))
    }
  }

  private func image(at address: UInt64) -> Image? {
    var (low, high) = (0, images.count)
    while low < high {
      let middle = (low + high) / 2
      if images[middle].range.upperBound <= address { low = middle + 1 } else { high = middle }
    }
    return low < images.count && images[low].range.contains(address) ? images[low] : nil
  }

  /// Whether the address is a possible return address, with code before it. It may be the first
  /// instruction of the next function.
  func isReturn(to address: UInt64) -> Bool { image(at: address &- 1) != nil }

  /// The symbol tables of the images, read on demand.
  struct Symbols {
    private let images: MappedImages
    private var tables: [String: ElfSymbols] = [:]

    init(_ images: MappedImages) { self.images = images }

    /// - Parameter isReturn: whether the address is a return address.
    mutating func frame(at address: UInt64, isReturn: Bool) -> StackWalk.Frame {
      let place = isReturn ? address &- 1 : address
      guard let image = images.image(at: place) else { return StackWalk.Frame(address: address) }
      if tables[image.path] == nil { tables[image.path] = ElfSymbols(path: image.path) }
      let name = tables[image.path]?.function(
        atOffset: place - image.range.lowerBound &+ image.offset)
      return StackWalk.Frame(
        address: address, function: name.map(ElfSymbols.demangled), image: image.path,
        isSwift: name?.hasPrefix("$s") == true)
    }
  }
}
