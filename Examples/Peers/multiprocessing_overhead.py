#!/usr/bin/env python3
"""What an item costs in Python's multiprocessing.Pool: the job of `procpool bench --scenario overhead`.

Python gets its best setting: workers by fork, a function that is compiled C (operator.neg), no garbage collection,
and for `map` the better of its automatic chunks and one chunk for each worker.

    python3 multiprocessing_overhead.py --workers 2
    python3 multiprocessing_overhead.py --workers 2 --json -
"""

import multiprocessing
import operator
import sys

from measuring import main, measure


def ways(workers, runs, scale):
    """Yields a measurement for each way to hand items to the pool, named as procpool's bench names it."""
    neg = operator.neg
    with multiprocessing.get_context("fork").Pool(workers) as pool:

        def apply(count):
            return sum(pool.apply(neg, (number,)) for number in range(count))

        def imap(count, chunk):
            return sum(pool.imap(neg, range(count), chunksize=chunk))

        def total(count):
            return -count * (count - 1) // 2

        count = 2_000 // scale
        yield "apply", "round-trips", measure(runs, count, lambda: apply(count), lambda given: given == total(count))

        count = 200_000 // scale
        yield "imap", "chunk-1", measure(runs, count, lambda: imap(count, 1), lambda given: given == total(count))

        count = 2_000_000 // scale
        yield "imap", "chunk-64", measure(runs, count, lambda: imap(count, 64), lambda given: given == total(count))

        count = 3_000_000 // scale
        inputs = list(range(count))
        expected = [-number for number in inputs]
        settings = (None, -(-count // workers))
        both = [
            measure(runs, count, lambda: pool.map(neg, inputs, chunksize=size), lambda given: given == expected)
            for size in settings
        ]
        yield "map", "automatic", max(both, key=lambda one: one["itemsPerSecond"])


def measurements(options):
    for case, strategy, result in ways(options.workers, options.repeat, 10 if options.quick else 1):
        rate = result["itemsPerSecond"]
        words = f"{case:6} {strategy:12} {1e6 / rate:10.3f} µs/item {rate:14,.0f} items/s"
        yield {"case": case, "strategy": strategy}, result, words


if __name__ == "__main__":
    sys.exit(main(__doc__, "overhead", "a tenth of the items", "multiprocessing.Pool, fork", measurements))
