"""The pools that procpool is compared with, each with its best settings and the fastest way its documentation gives.

Each of them can do the same few things, under the same names:

  apply(function, argument)            one item, there and back
  stream(function, arguments, chunk)   the results in the order of the arguments, while more are computed
  map(function, arguments)             all results at once, chunks as the pool thinks best

A way that a pool does not have is not there.
"""

import contextlib
import multiprocessing
import sys


class Multiprocessing:
    """Python's own, by fork, or by a server that forks."""

    def __init__(self, workers, method):
        self.name = f"multiprocessing.Pool, {method}"
        self.workers = workers
        self.pool = multiprocessing.get_context(method).Pool(workers)

    def apply(self, function, argument):
        return self.pool.apply(function, (argument,))

    def stream(self, function, arguments, chunk):
        return self.pool.imap(function, arguments, chunk)

    def map(self, function, arguments):
        return self.pool.map(function, arguments)

    def map_in_one_chunk_each(self, function, arguments):
        return self.pool.map(function, arguments, -(-len(arguments) // self.workers))

    def close(self):
        self.pool.terminate()


class Executor:
    """What has the interface of concurrent.futures."""

    def __init__(self, name, executor, workers):
        self.name = name
        self.executor = executor
        self.workers = workers

    def apply(self, function, argument):
        return self.executor.submit(function, argument).result()

    def stream(self, function, arguments, chunk):
        return self.executor.map(function, arguments, chunksize=chunk)

    def map_in_one_chunk_each(self, function, arguments):
        return list(self.executor.map(function, arguments, chunksize=-(-len(arguments) // self.workers)))

    def close(self):
        self.executor.shutdown()


class Joblib:
    """joblib, whose processes stay while the block lasts."""

    def __init__(self, workers):
        import joblib

        self.name = f"joblib {joblib.__version__}"
        self.joblib = joblib
        self.stack = contextlib.ExitStack()
        self.workers = workers
        # Its batches are sized by itself unless told otherwise.
        self.parallel = self.stack.enter_context(joblib.Parallel(n_jobs=workers, max_nbytes=None))

    def apply(self, function, argument):
        return self.parallel([self.joblib.delayed(function)(argument)])[0]

    def stream(self, function, arguments, chunk):
        self.parallel.batch_size = chunk
        delayed = self.joblib.delayed(function)
        return self.parallel(delayed(argument) for argument in arguments)

    def map(self, function, arguments):
        return self.stream(function, arguments, "auto")

    def map_in_one_chunk_each(self, function, arguments):
        return self.stream(function, arguments, -(-len(arguments) // self.workers))

    def close(self):
        self.stack.close()


class Mpire:
    """mpire, whose workers are kept from call to call."""

    def __init__(self, workers):
        import mpire

        self.name = "mpire"
        self.pool = mpire.WorkerPool(n_jobs=workers, keep_alive=True)
        # Because after `apply`, workers that are kept run other ways with the wrong arguments (mpire 2.10).
        self.single = mpire.WorkerPool(n_jobs=workers, keep_alive=True)

    def apply(self, function, argument):
        return self.single.apply(function, (argument,))

    def stream(self, function, arguments, chunk):
        return self.pool.imap(function, arguments, chunk_size=chunk)

    def map(self, function, arguments):
        return self.pool.map(function, arguments)

    def close(self):
        self.pool.terminate()
        self.single.terminate()


class Pebble:
    def __init__(self, workers):
        import pebble

        self.name = "pebble"
        self.workers = workers
        self.pool = pebble.ProcessPool(max_workers=workers, context=multiprocessing.get_context("fork"))

    def apply(self, function, argument):
        return self.pool.schedule(function, args=(argument,)).result()

    def stream(self, function, arguments, chunk):
        return self.pool.map(function, arguments, chunksize=chunk).result()

    def map_in_one_chunk_each(self, function, arguments):
        return list(self.stream(function, arguments, -(-len(arguments) // self.workers)))

    def close(self):
        self.pool.stop()
        self.pool.join()


class Ray:
    """Ray on this machine alone: its tasks, and its own pool where chunks are wanted."""

    def __init__(self, workers):
        import ray
        import ray.util.multiprocessing

        self.name = f"Ray {ray.__version__}"
        self.ray = ray
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        self.pool = ray.util.multiprocessing.Pool(workers)
        self.remote = {}

    def apply(self, function, argument):
        task = self.remote.get(function)
        if task is None:
            # Functions of C have no place where Ray could note what it knows of them.
            task = self.remote[function] = self.ray.remote(num_cpus=0)(lambda given: function(given))
        return self.ray.get(task.remote(argument))

    def stream(self, function, arguments, chunk):
        return self.pool.imap(function, arguments, chunksize=chunk)

    def map(self, function, arguments):
        return self.pool.map(function, arguments)

    def close(self):
        self.pool.terminate()
        self.ray.shutdown()


def process_pool_executor(workers):
    from concurrent.futures import ProcessPoolExecutor

    executor = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"))
    return Executor("ProcessPoolExecutor", executor, workers)


def loky(workers):
    from loky import __version__, get_reusable_executor

    return Executor(f"loky {__version__}", get_reusable_executor(workers, timeout=600), workers)


def mpi_futures(workers):
    """Under `mpiexec -n WORKERS+1 python -m mpi4py.futures`, which gives the processes to the executor."""
    from mpi4py import __version__
    from mpi4py.futures import MPIPoolExecutor

    executor = MPIPoolExecutor(workers)
    executor.bootup()
    return Executor(f"mpi4py.futures {__version__}", executor, workers)


POOLS = {
    "multiprocessing": lambda workers: Multiprocessing(workers, "fork"),
    "forkserver": lambda workers: Multiprocessing(workers, "forkserver"),
    "futures": process_pool_executor,
    "loky": loky,
    "joblib": Joblib,
    "mpire": Mpire,
    "pebble": Pebble,
    "ray": Ray,
    "mpi4py.futures": mpi_futures,
}


def command(peer, workers, program):
    """The command that runs a program of this folder with a peer's processes."""
    if peer == "mpi4py.futures":
        mpiexec = str(__import__("pathlib").Path(sys.executable).parent / "mpiexec")
        return [mpiexec, "-n", str(workers + 1), sys.executable, "-m", "mpi4py.futures", program]
    return [sys.executable, program]
