"""The pools that procpool is compared with, each with its best settings and the fastest method of its documentation.

Each class has these methods, unless its pool has no counterpart:

  apply(function, argument)            a single item, there and back
  stream(function, arguments, chunk)   the results in the order of the arguments, while more are computed
  map(function, arguments)             all results at once, with the pool's own chunks
"""

import contextlib
import multiprocessing
import sys


class Multiprocessing:
    """Python's own pool, with the start method fork or forkserver."""

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
    """Pools with the interface of concurrent.futures."""

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
    """joblib, whose processes persist within a `with` block."""

    def __init__(self, workers):
        import joblib

        self.name = f"joblib {joblib.__version__}"
        self.joblib = joblib
        self.stack = contextlib.ExitStack()
        self.workers = workers
        # It chooses the size of its batches unless the caller does.
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
    """mpire, with workers that persist from call to call."""

    def __init__(self, workers):
        import mpire

        self.name = "mpire"
        self.pool = mpire.WorkerPool(n_jobs=workers, keep_alive=True)
        # After `apply`, persistent workers run other methods with wrong arguments (mpire 2.10).
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
    """Ray on one machine: its tasks, or its own pool for methods with chunks."""

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
            # Ray cannot store attributes on C functions.
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
    """mpi4py.futures, under `mpiexec -n WORKERS+1 python -m mpi4py.futures`, which provides the processes."""
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
    """The command that runs a program of this folder with the processes of a peer."""
    if peer == "mpi4py.futures":
        mpiexec = str(__import__("pathlib").Path(sys.executable).parent / "mpiexec")
        return [mpiexec, "-n", str(workers + 1), sys.executable, "-m", "mpi4py.futures", program]
    return [sys.executable, program]
