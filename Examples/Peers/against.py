#!/usr/bin/env python3
"""Two builds of procpool at the same cases, in turns: whether today's is slower than an earlier one.

A shared machine drifts by a factor of two within minutes, so the builds take turns, and only times of the same turn are
divided by each other. A time is the shortest of several runs, because everything that disturbs a run makes it longer.
A case is slower if the median of its ratios is above 1.05, and so many ratios are above 1 that two equal builds would
show it in one comparison out of a hundred at most (a sign test).

    make peers AGAINST=136b522
    python3 against.py ../../.build/release/procpool OTHER/.build/release/procpool --rounds 20

Ends with status 1 if a case is slower, or a result is wrong.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys

# Cases of everything that a pool does, and whether in full: the overhead of an item shows in long runs only, and the
# payloads of a full run take minutes. --scenario replaces them.
SCENARIOS = {"overhead": True, "spawn": True, "payload": False, "partial-sums": False}
# How much longer a case may take before it counts as slower.
TOLERANCE = 1.05
# How probable a verdict may be if the builds are equal.
CHANCE = 0.01


def times(program, workers, scenarios, repeat):
    """The shortest time of each case that a build measures."""
    found = {}
    for is_full in (True, False):
        chosen = [name for name in scenarios if SCENARIOS.get(name, False) == is_full]
        if chosen:
            found |= measured(program, workers, chosen, repeat, is_full)
    return found


def measured(program, workers, scenarios, repeat, is_full):
    """The same of one run of the benchmark."""
    command = [program, "bench", "--json", "-", "--workers", str(workers), "--repeat", str(repeat)]
    command += [] if is_full else ["--quick"]
    for scenario in scenarios:
        command += ["--scenario", scenario]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    start = done.stdout.find("{")
    if done.returncode != 0 or start < 0:
        sys.exit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    document = json.loads(done.stdout[start:])
    found = {}
    for one in document["measurements"]:
        if not one["verified"]:
            sys.exit(f"{program} computed a wrong result: {one['case']}, {one['strategy']}")
        key = one["scenario"], one["case"], one["variant"] or "", one["strategy"], one["workers"]
        found[key] = one["seconds"]["min"]
    return found


def chance(above, count):
    """How probable it is that at least `above` of `count` ratios are above 1 if the builds are equal."""
    return sum(math.comb(count, k) for k in range(above, count + 1)) / 2**count


def quartiles(values):
    """The lower quartile, the median and the upper quartile; all the same if there is one value."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("today", help="today's procpool")
    parser.add_argument("other", help="the procpool to compare with")
    parser.add_argument("--rounds", type=int, default=12, help="how often the two take turns (default 12)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each case in a turn (default 5)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scenario", action="append", help=f"default: {', '.join(SCENARIOS)}")
    options = parser.parse_args()

    ratios = {}
    for turn in range(options.rounds):
        programs = [("today", options.today), ("other", options.other)]
        # The one that comes second finds the machine as the first has left it.
        order = programs if turn % 2 == 0 else programs[::-1]
        found = {
            name: times(program, options.workers, options.scenario or SCENARIOS, options.repeat)
            for name, program in order
        }
        for key in found["today"].keys() & found["other"].keys():
            ratios.setdefault(key, []).append(found["today"][key] / found["other"][key])
        print(f"turn {turn + 1} of {options.rounds}", end="\r", file=sys.stderr, flush=True)
    if not ratios:
        sys.exit("the two builds have no case in common")

    print(f"{'case':58}  today ÷ other (quartiles)")
    slower = 0
    for key in sorted(ratios, key=str):
        low, middle, high = quartiles(ratios[key])
        count = len(ratios[key])
        is_slower = middle > TOLERANCE and chance(sum(ratio > 1 for ratio in ratios[key]), count) <= CHANCE
        is_faster = middle < 1 / TOLERANCE and chance(sum(ratio < 1 for ratio in ratios[key]), count) <= CHANCE
        verdict = "  slower" if is_slower else "  faster" if is_faster else ""
        slower += is_slower
        scenario, case, variant, strategy, workers = key
        name = f"{scenario}: {' '.join(filter(None, [case, variant]))}, {strategy}, {workers} workers"
        print(f"{name:58}  {middle:5.2f}  ({low:.2f} to {high:.2f}){verdict}")
    print(f"{slower} of {len(ratios)} cases are slower.")
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
