#!/usr/bin/env python3
"""What an item costs in Python's multiprocessing.Pool: the job of `procpool bench --scenario overhead`.

Python gets its best setting: workers by fork, a function that is compiled C (operator.neg), no garbage collection,
and for `map` the better of its automatic chunks and one chunk for each worker.

    python3 multiprocessing_overhead.py --workers 2
    python3 multiprocessing_overhead.py --workers 2 --json -
"""

import argparse
import gc
import json
import multiprocessing
import operator
import platform
import statistics
import sys
import time


def measure(runs, items, body, expected):
    """Runs `body` once to warm up and then `runs` times; its result has to be `expected`."""
    seconds = []
    verified = True
    for run in range(runs + 1):
        start = time.perf_counter()
        result = body()
        elapsed = time.perf_counter() - start
        verified = verified and result == expected
        if run > 0:
            seconds.append(elapsed)
    median = statistics.median(seconds)
    return {
        "seconds": {"min": min(seconds), "median": median, "max": max(seconds)},
        "runs": runs,
        "itemsPerSecond": items / median,
        "verified": verified,
    }


def measurements(workers, runs, scale):
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
        yield "apply", "round-trips", measure(runs, count, lambda: apply(count), total(count))

        count = 200_000 // scale
        yield "imap", "chunk-1", measure(runs, count, lambda: imap(count, 1), total(count))

        count = 2_000_000 // scale
        yield "imap", "chunk-64", measure(runs, count, lambda: imap(count, 64), total(count))

        count = 3_000_000 // scale
        inputs = list(range(count))
        expected = [-number for number in inputs]
        settings = (None, -(-count // workers))
        both = [measure(runs, count, lambda: pool.map(neg, inputs, chunksize=size), expected) for size in settings]
        yield "map", "automatic", max(both, key=lambda one: one["itemsPerSecond"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (2)")
    parser.add_argument("--repeat", type=int, default=3, metavar="K", help="measured runs of each (3)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the items")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - for standard output")
    options = parser.parse_args()
    gc.disable()

    results = []
    table = sys.stderr if options.json == "-" else sys.stdout
    print(f"multiprocessing.Pool({options.workers}), fork, Python {platform.python_version()}", file=table)
    for case, strategy, result in measurements(options.workers, options.repeat, 10 if options.quick else 1):
        results.append(
            {"scenario": "overhead", "case": case, "strategy": strategy, "workers": options.workers, **result}
        )
        rate = result["itemsPerSecond"]
        check = "yes" if result["verified"] else "NO"
        print(f"{case:6} {strategy:12} {1e6 / rate:10.3f} µs/item {rate:14,.0f} items/s  verified {check}", file=table)

    document = {
        "peer": "multiprocessing.Pool, fork",
        "version": platform.python_version(),
        "workers": options.workers,
        "measurements": results,
    }
    if options.json == "-":
        print(json.dumps(document, indent=2))
    elif options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
    return 0 if all(one["verified"] for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
