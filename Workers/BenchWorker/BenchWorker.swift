// The worker of `procpool bench`: a dedicated executable, so that it holds the benchmark's tasks and nothing
// else.

import BenchTasks
import ProcPoolWorker

@main
struct BenchWorker: WorkerProgram {}
