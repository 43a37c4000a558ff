import Glibc

@main
struct Main {
  static func main() async {
    // A closed pipe is an error rather than a signal, so that the program still cleans up.
    signal(SIGPIPE, SIG_IGN)
    // Likewise a file that exceeds its size limit (`ulimit -f`).
    signal(SIGXFSZ, SIG_IGN)
    fillStandardStreams()
    if let number = firstNonUTF8Argument() {
      let argument = UsageError.quoted(CommandLine.arguments[number])
      exit(
        Commands.fail(
          .usage,
          "argument \(number), \(argument), is not UTF-8; accepted: UTF-8 only; rename the file or link to it"
        ).rawValue)
    }
    exit(await Commands.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  /// Swift replaces invalid UTF-8, so that a file with another name would be read or written.
  private static func firstNonUTF8Argument() -> Int? {
    (0..<Int(CommandLine.argc)).dropFirst().first { number in
      CommandLine.unsafeArgv[number].map { String(validatingCString: $0) == nil } ?? false
    }
  }

  /// Opens standard streams that were closed (`>&-`). Otherwise a file or pipe would get the number
  /// of a stream, and be written to as one.
  private static func fillStandardStreams() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is that of the stream. Read-only, so that writing to it remains an
      // error.
      _ = open("/dev/null", O_RDONLY)
    }
  }
}
