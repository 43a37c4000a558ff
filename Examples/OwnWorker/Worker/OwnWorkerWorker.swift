// The worker: a program of its own, so that it links the tasks and nothing else.

import OwnWorkerTasks
import ProcPoolWorker

@main
struct OwnWorkerWorker: WorkerProgram {}
