#!/usr/bin/env python3
"""Products of matrices by Python's multiprocessing.Pool and NumPy: the jobs of `procpool bench --scenario matmul`.

Two strategies of the course material, on a pool that is running already:

  rows           an item is a row of A and the whole of B: the same big object sent with every item, on purpose
  rows-in-place  A, B and C are in shared memory, an item is the number of a row

and, because it is the default, rows-chunked: as rows, in Pool.map's automatic chunks, in which pickle sends what the
items of a chunk share only once.

  threads        no pool at all: NumPy's own product, with as many threads as there are workers

Python gets its best setting: workers by fork, shared memory that they inherit, rows multiplied by NumPy with one thread
for each worker, and for rows in place the better of one item to a chunk, automatic chunks and one chunk for each worker.

    python3 matmul.py --workers 2
    python3 matmul.py --workers 2 --json -
"""

import multiprocessing
import sys

import numpy
import threadpoolctl

from measuring import main, measure

# As procpool's bench: m, l, n, type, and how many rows go by message (all of them, where that is not 32 GB).
CASES = {
    ("low-l", "f64"): (200, 10, 400, numpy.float64, 200),
    ("low-l", "f32"): (200, 10, 400, numpy.float32, 200),
    ("high-l", "f64"): (20, 10_000, 40, numpy.float64, 20),
    ("high-l", "f32"): (20, 10_000, 40, numpy.float32, 20),
    ("big", "f32"): (200, 100_000, 400, numpy.float32, 4),
}

shared = {}


def row_by_message(task):
    row, b = task
    return row @ b


def row_in_place(number):
    shared["c"][number] = shared["a"][number] @ shared["b"]


def in_shared_memory(shape, dtype, order="C"):
    """An array that processes share which are forked from now on."""
    count = shape[0] * shape[1]
    memory = multiprocessing.RawArray("b", count * numpy.dtype(dtype).itemsize)
    return numpy.frombuffer(memory, dtype, count).reshape(shape, order=order)


def products(workers, runs, case, quick):
    """Yields a measurement for each strategy, named as procpool's bench names it."""
    m, l, n, dtype, rows = CASES[case]
    if quick:
        l = min(l, 5_000 if case[0] == "big" else l)
    random = numpy.random.default_rng(20)
    a, b, c = in_shared_memory((m, l), dtype), in_shared_memory((l, n), dtype, "F"), in_shared_memory((m, n), dtype)
    a[:] = random.random((m, l), dtype) - dtype(0.5)
    b[:] = random.random((l, n), dtype) - dtype(0.5)
    c[:] = numpy.nan
    shared.update(a=a, b=b, c=c)
    expected = a.astype(numpy.float64) @ b.astype(numpy.float64)
    # Rows of numbers of a half at the most: the error of a sum of l products.
    tolerance = 4 * l * numpy.finfo(dtype).eps * 0.25

    def accepts(product):
        return numpy.abs(product - expected[: len(product)]).max() <= tolerance

    # Before the workers are forked: threads do not survive that.
    with threadpoolctl.threadpool_limits(workers):
        threads = measure(max(runs, 5), m, lambda: a @ b, accepts)
    single = threadpoolctl.threadpool_limits(1)
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        tasks = [(a[row], b) for row in range(rows)]

        def by_message(chunk):
            return numpy.array(pool.map(row_by_message, tasks, chunksize=chunk))

        def in_place(chunk):
            pool.map(row_in_place, range(m), chunksize=chunk)
            return c

        def accepts_in_place(product):
            verdict = accepts(product)
            # Outside the clock, so that the next run cannot pass with it.
            product[:] = numpy.nan
            return verdict

        yield "rows", measure(runs, rows, lambda: by_message(1), accepts)
        yield "rows-chunked", measure(runs, rows, lambda: by_message(None), accepts)
        sizes = (1, None, -(-m // workers))
        all_sizes = [measure(max(runs, 5), m, lambda: in_place(chunk), accepts_in_place) for chunk in sizes]
        yield "rows-in-place", max(all_sizes, key=lambda one: one["itemsPerSecond"])
    single.restore_original_limits()
    yield "threads", threads


def measurements(options):
    for case in CASES:
        for strategy, result in products(options.workers, options.repeat, case, options.quick):
            yield (" ".join(case), strategy), result


if __name__ == "__main__":
    quick = "the big case with 5 000 columns instead of 100 000"
    sys.exit(main(__doc__, quick, {"multiprocessing": None}, measurements))
