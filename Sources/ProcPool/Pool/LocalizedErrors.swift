import ProcPoolFoundation
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWorker

// For all errors that users of the library can see, `error.localizedDescription` is the same as
// `description`.

extension PoolError: DescribedError {}
extension TaskFailure: DescribedError {}
extension CodingFailure: DescribedError {}
extension WorkerStartFailure: DescribedError {}
extension Autopsy: DescribedError {}
extension WorkerLoss: DescribedError {}
extension SharedMemoryError: DescribedError {}
extension LockError: DescribedError {}
extension SystemError: DescribedError {}
