import FaultyTasks
import ProcPoolWorker

@main
struct FaultyWorker: WorkerProgram {}
