// The worker executable, which links only the tasks.

import OwnWorkerTasks
import ProcPoolWorker

@main
struct OwnWorkerWorker: WorkerProgram {}
