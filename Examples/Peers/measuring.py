"""Shared by the programs in this folder: timing, options, and results as tables and as JSON."""

import argparse
import gc
import json
import platform
import statistics
import sys
import time


def measure(runs, items, body, accepts):
    """Runs `body` once to warm up and then `runs` times; its result has to be accepted."""
    seconds = []
    verified = True
    for run in range(runs + 1):
        start = time.perf_counter()
        result = body()
        elapsed = time.perf_counter() - start
        verified = verified and bool(accepts(result))
        if run > 0:
            seconds.append(elapsed)
    median = statistics.median(seconds)
    return {
        "seconds": {"min": min(seconds), "median": median, "max": max(seconds)},
        "runs": runs,
        "items": items,
        "itemsPerSecond": items / median,
        "verified": verified,
    }


def repeated(runs, seconds, count, body, accepts, most=None):
    """The same with as many items as take about `seconds`; `body` and `accepts` receive the number."""
    while True:
        start = time.perf_counter()
        accepted = accepts(body(count), count)
        elapsed = time.perf_counter() - start
        if not accepted or elapsed >= seconds / 4 or count == most:
            break
        count = min(4 * count, most or 4 * count)
    count = max(1, min(round(count * seconds / elapsed), most or sys.maxsize))
    return measure(runs, count, lambda: body(count), lambda result: accepts(result, count))


def main(description, quick, peers, measurements):
    """Runs the program, and returns its exit status.

    `measurements` gets the options, and yields the case and the strategy of each measurement, and its result.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", choices=peers, default=next(iter(peers)), help="the pool to measure (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (2)")
    parser.add_argument("--repeat", type=int, default=3, metavar="K", help="measured runs of each (3)")
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - for standard output")
    options = parser.parse_args()
    gc.disable()

    results = []
    table = sys.stderr if options.json == "-" else sys.stdout
    print(f"{options.peer}, {options.workers} workers, Python {platform.python_version()}", file=table)
    for (case, strategy), result in measurements(options):
        results.append({"case": case, "strategy": strategy, **result})
        rate = result["itemsPerSecond"]
        verified = "yes" if result["verified"] else "NO"
        print(f"{case:10} {strategy:14} {1e6 / rate:12.3f} µs/item {rate:14,.0f} items/s  verified {verified}", file=table)

    document = {"peer": options.peer, "version": platform.python_version(), "workers": options.workers}
    document["measurements"] = results
    if options.json == "-":
        print(json.dumps(document, indent=2))
    elif options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
    return 0 if all(one["verified"] for one in results) else 1
