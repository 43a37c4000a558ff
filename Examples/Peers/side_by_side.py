#!/usr/bin/env python3
"""procpool and Python's multiprocessing.Pool at the same job, in turns, in one run.

A shared machine drifts by a factor of two within minutes, so the two take turns and only figures of the same round
are divided by each other. The ratio that is printed is the median over the rounds.

    make release    # or: swift build -c release --static-swift-stdlib
    python3 side_by_side.py ../../.build/release/procpool --workers 2
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

PEER = pathlib.Path(__file__).with_name("multiprocessing_overhead.py")

# What procpool has promised against multiprocessing.Pool(2): items per second, as a multiple.
PROMISED = {("apply", "round-trips"): 2, ("imap", "chunk-1"): 10, ("map", "automatic"): 1}


def rates(command):
    """Runs a command that prints JSON, and returns its items per second by case and strategy."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    return {(one["case"], one["strategy"]): one["itemsPerSecond"] for one in json.loads(done.stdout)["measurements"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("procpool", help="the path of the procpool executable")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes of each (2)")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="turns that each takes (3)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the items")
    parser.add_argument("--json", metavar="FILE", help="write the rounds as JSON, too")
    options = parser.parse_args()

    settings = ["--workers", str(options.workers), "--repeat", "3", "--json", "-"]
    settings += ["--quick"] if options.quick else []
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(rates([options.procpool, "bench", "--scenario", "overhead", *settings]))
        theirs.append(rates([sys.executable, str(PEER), *settings]))

    print(f"{options.workers} workers, {options.rounds} rounds, items per second (median of the rounds)")
    print(f"{'case':6} {'strategy':12} {'procpool':>12} {'multiprocessing':>16} {'ratio':>8} {'promised':>9}")
    kept = True
    for key in ours[0]:
        ratio = statistics.median(our[key] / their[key] for our, their in zip(ours, theirs))
        our, their = (statistics.median(one[key] for one in both) for both in (ours, theirs))
        promise = PROMISED.get(key)
        kept = kept and (promise is None or ratio >= promise)
        promised = "" if promise is None else f"{promise}×"
        print(f"{key[0]:6} {key[1]:12} {our:12,.0f} {their:16,.0f} {ratio:7.1f}× {promised:>9}")
    if options.json:
        rounds = [
            {"procpool": listed(our), "multiprocessing": listed(their)} for our, their in zip(ours, theirs)
        ]
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"workers": options.workers, "rounds": rounds}, file, indent=2)
    return 0 if kept else 1


def listed(rates_by_key):
    return [{"case": case, "strategy": way, "itemsPerSecond": rate} for (case, way), rate in rates_by_key.items()]


if __name__ == "__main__":
    sys.exit(main())
