#!/usr/bin/env python3
"""procpool and Python's multiprocessing.Pool at the same job, in turns, in one run.

A shared machine drifts by a factor of two within minutes, so the two take turns and only figures of the same round
are divided by each other. The ratio that is printed is the median over the rounds.

    make release    # or: swift build -c release --static-swift-stdlib
    python3 side_by_side.py ../../.build/release/procpool --workers 2
    python3 side_by_side.py ../../.build/release/procpool --scenario matmul
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PEERS = {"overhead": HERE / "multiprocessing_overhead.py", "matmul": HERE / "multiprocessing_matmul.py"}

# The products that both compute.
PRODUCTS = [("low-l", "f64"), ("low-l", "f32"), ("high-l", "f64"), ("high-l", "f32"), ("big", "f32")]

# What procpool has promised against multiprocessing.Pool(2), as a multiple.
PROMISED = {
    ("apply", "", "round-trips"): 2,
    ("imap", "", "chunk-1"): 10,
    ("map", "", "automatic"): 1,
}


def rates(command):
    """Runs a command that prints JSON, and returns what it did per second, by case, type and strategy.

    Of items, where the two do different numbers of them; of whole runs, where an item is another thing in each.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    rates = {}
    for one in json.loads(done.stdout)["measurements"]:
        # "f32, 4 of 200 rows": the type is what both know.
        variant = (one.get("variant") or "").split(",")[0]
        in_runs = one["scenario"] == "matmul"
        rates[one["case"], variant, one["strategy"]] = (
            1 / one["seconds"]["median"] if in_runs else one["itemsPerSecond"]
        )
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("procpool", help="the path of the procpool executable")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes of each (2)")
    parser.add_argument("--scenario", choices=PEERS, default="overhead", help="overhead or matmul (overhead)")
    parser.add_argument("--rounds", type=int, metavar="R", help="turns that each takes (3; 2 of matmul)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the items; shorter products")
    parser.add_argument("--json", metavar="FILE", help="write the rounds as JSON, too")
    options = parser.parse_args()

    if options.scenario == "matmul":
        PROMISED.update({(case, kind, way): 5 for case, kind in PRODUCTS for way in ("rows", "rows-in-place")})
    rounds = options.rounds or (3 if options.scenario == "overhead" else 2)
    settings = ["--workers", str(options.workers), "--repeat", "3", "--json", "-"]
    settings += ["--quick"] if options.quick else []
    peer = str(PEERS[options.scenario])
    ours, theirs = [], []
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        ours.append(rates([options.procpool, "bench", "--scenario", options.scenario, *settings]))
        theirs.append(rates([sys.executable, peer, *settings]))

    keys = [key for key in ours[0] if key in theirs[0]]
    unit = "items per second" if options.scenario == "overhead" else "products per second"
    print(f"{options.workers} workers, {rounds} rounds, {unit} (median of the rounds)")
    print(f"{'case':12} {'strategy':14} {'procpool':>12} {'multiprocessing':>16} {'ratio':>8} {'promised':>9}")
    kept = True
    for key in keys:
        ratio = statistics.median(our[key] / their[key] for our, their in zip(ours, theirs))
        our, their = (statistics.median(one[key] for one in both) for both in (ours, theirs))
        promise = PROMISED.get(key)
        kept = kept and (promise is None or ratio >= promise)
        promised = "" if promise is None else f"{promise}×"
        case = f"{key[0]} {key[1]}"
        print(f"{case:12} {key[2]:14} {figure(our):>12} {figure(their):>16} {ratio:7.1f}× {promised:>9}")
    if options.json:
        document = {"scenario": options.scenario, "workers": options.workers, "rounds": []}
        for our, their in zip(ours, theirs):
            document["rounds"].append({"procpool": listed(our), "multiprocessing": listed(their)})
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
    return 0 if kept else 1


def figure(rate):
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def listed(rates_by_key):
    return [
        {"case": case, "type": kind, "strategy": way, "perSecond": rate}
        for (case, kind, way), rate in rates_by_key.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
