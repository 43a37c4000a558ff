"""What the peers' programs have in common: runs by the clock, the options, and results as tables and as JSON."""

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


def main(description, scenario, quick, peer, measurements):
    """Runs the program, and returns its exit status.

    `measurements` gets the options, and yields each measurement with its key (case, perhaps variant, strategy) and the
    words for it in the table.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (2)")
    parser.add_argument("--repeat", type=int, default=3, metavar="K", help="measured runs of each (3)")
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - for standard output")
    options = parser.parse_args()
    gc.disable()

    results = []
    table = sys.stderr if options.json == "-" else sys.stdout
    print(f"multiprocessing.Pool({options.workers}), fork, Python {platform.python_version()}", file=table)
    for key, result, words in measurements(options):
        results.append({"scenario": scenario, **key, "workers": options.workers, **result})
        print(f"{words}  verified {'yes' if result['verified'] else 'NO'}", file=table)

    document = {
        "peer": peer,
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
