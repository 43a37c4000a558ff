import ProcPool
import Testing

@Suite("A kind of worker describes itself as a program writes it")
struct WorkerKindDescriptions {
  @Test(arguments: [
    (WorkerKind.selfProgram, ".selfProgram"), (.inProcess, ".inProcess"),
    (.executable(named: "worker"), ".executable(named: \"worker\")"),
    (.executable(named: "a \"b\"/c"), ".executable(named: \"a \\\"b\\\"/c\")"),
  ])
  func each(_ kind: WorkerKind, _ description: String) {
    #expect("\(kind)" == description)
  }
}
