#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@main
struct Main {
  static func main() async {
    // A reader that has gone is an exit code, not a signal: what was begun is still tidied up.
    signal(SIGPIPE, SIG_IGN)
    // And so is a file that would become longer than it may (`ulimit -f`).
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

  /// Swift replaces what is not UTF-8, and a file with another name would be read or written.
  private static func firstNonUTF8Argument() -> Int? {
    (0..<Int(CommandLine.argc)).dropFirst().first { number in
      CommandLine.unsafeArgv[number].map { String(validatingCString: $0) == nil } ?? false
    }
  }

  /// Opens what the shell has closed (`>&-`), lest a file or a pipe get its number and be written to as a
  /// stream.
  private static func fillStandardStreams() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number, which is this one. Read-only, so that writing to it is an error as before.
      _ = open("/dev/null", O_RDONLY)
    }
  }
}
