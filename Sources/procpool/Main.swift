#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@main
struct Main {
  static func main() async {
    exit(await Commands.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
