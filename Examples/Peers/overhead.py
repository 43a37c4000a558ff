#!/usr/bin/env python3
"""The cost of an item in a pool of Python processes: the job of `procpool bench --scenario overhead`, and the echoes of
`--scenario payload`.

Items are integers, and the function is compiled C (operator.neg), so that only the pool is measured. Garbage collection
is off. Methods that a pool does not have are skipped; if it has several, the best one counts.

    python3 overhead.py --peer multiprocessing --workers 2
    python3 overhead.py --peer ray --workers 2 --json -
"""

import operator
import sys

from measuring import main, measure, repeated
from pools import POOLS


def echo(payload):
    return payload


def total(count):
    return -count * (count - 1) // 2


def measurements(options):
    neg = operator.neg
    pool = POOLS[options.peer](options.workers)
    seconds = 0.1 if options.quick else 0.3
    runs = options.repeat

    def apply(count):
        return sum(pool.apply(neg, number) for number in range(count))

    def stream(chunk):
        return lambda count: sum(pool.stream(neg, range(count), chunk))

    def accepts(given, count):
        return given == total(count)

    yield ("apply", "round-trips"), repeated(runs, seconds, 100, apply, accepts)
    yield ("imap", "chunk-1"), repeated(runs, seconds, 1_000, stream(1), accepts)
    yield ("imap", "chunk-64"), repeated(runs, seconds, 10_000, stream(64), accepts)

    # As large as procpool's, unless that takes minutes.
    count = 10_000_000 // (10 if options.quick else 1)
    inputs = list(range(count))
    best = None
    for way in ("map", "map_in_one_chunk_each"):
        if not hasattr(pool, way):
            continue
        some = repeated(1, seconds, 10_000, lambda part: getattr(pool, way)(neg, inputs[:part]), lambda got, part: len(got) == part)
        size = count if some["itemsPerSecond"] > 1_000_000 else some["items"]
        part = inputs[:size]
        result = measure(min(runs, 2), size, lambda: getattr(pool, way)(neg, part), lambda got: sum(got) == total(size))
        if best is None or result["itemsPerSecond"] > best["itemsPerSecond"]:
            best = result
    yield ("map", "automatic"), best

    for name, size in (("1MiB", 1 << 20), ("64MiB", 64 << 20)):
        payloads = [bytes([1]) * size, bytes([2]) * size]

        def trips(count):
            return [pool.apply(echo, payloads[trip % 2]) for trip in range(count)]

        def are_echoes(replies, count):
            return all(reply == payloads[trip % 2] for trip, reply in enumerate(replies))

        yield (name, "echo"), repeated(runs, seconds, 1, trips, are_echoes, most=32)
    pool.close()


if __name__ == "__main__":
    sys.exit(main(__doc__, "a tenth of the time", POOLS, measurements))
