import ProcPool
import Testing

@Suite("A source of workers describes itself as a program writes it")
struct WorkerSourceDescriptions {
  @Test(arguments: [
    (WorkerSource.currentExecutable, ".currentExecutable"), (.threads, ".threads"),
    (.executable(named: "worker"), ".executable(named: \"worker\")"),
    (.executable(named: "a \"b\"/c"), ".executable(named: \"a \\\"b\\\"/c\")"),
  ])
  func each(_ source: WorkerSource, _ description: String) {
    #expect("\(source)" == description)
  }
}
