#!/usr/bin/env python3
"""Products of matrices by Python's multiprocessing.Pool and NumPy: the jobs of `procpool bench --scenario matmul`.

Strategies, on a running pool:

  rows           an item is a row of A and all of B: the same large object is sent with every item, on purpose
  rows-chunked   as rows, in the default chunks of Pool.map: pickle sends objects that the items of a chunk share once
  rows-in-place  A, B and C are in shared memory, and an item is the number of a row
  threads        no pool: NumPy's own product, with as many threads as there are workers

Python gets its best settings: forked workers, shared memory that they inherit, rows multiplied by NumPy with one thread
per worker, and for rows-in-place the best of one item per chunk, automatic chunks, and one chunk per worker.

    python3 matmul.py --workers 2
    python3 matmul.py --workers 2 --json -
"""

import multiprocessing
import sys

import numpy
import threadpoolctl

from measuring import main, measure

# As in procpool's bench: m, l, n, type, and the number of rows by message (all of them, unless that is 32 GB).
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
    """An array that is shared with processes forked from now on."""
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
    # The error of a sum of l products of numbers up to one half.
    tolerance = 4 * l * numpy.finfo(dtype).eps * 0.25

    def accepts(product):
        return numpy.abs(product - expected[: len(product)]).max() <= tolerance

    # Before the workers are forked, because threads do not survive a fork.
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
            # Outside the measurement, so that the next run cannot pass with this result.
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
