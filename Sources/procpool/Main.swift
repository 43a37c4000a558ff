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
    fillStandardStreams()
    exit(await Commands.run(Array(CommandLine.arguments.dropFirst())).rawValue)
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
