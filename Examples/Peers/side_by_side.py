#!/usr/bin/env python3
"""procpool and the pools of Python at the same jobs, in turns, and what has been promised of procpool.

A shared machine drifts by a factor of two within minutes, so procpool and a peer take turns, and only figures of the same
turn are divided by each other. Ratios are medians over the turns. Peers that cannot be imported are left out.

    make release    # or: swift build -c release --static-swift-stdlib
    python3 side_by_side.py ../../.build/release/procpool
    python3 side_by_side.py ../../.build/release/procpool --peer multiprocessing --peer loky --rounds 5

Ends with status 1 if a promise is not kept, or a result is wrong.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent

# The module without which a peer is left out.
PEERS = {
    "multiprocessing": "multiprocessing",
    "forkserver": "multiprocessing",
    "futures": "concurrent.futures",
    "loky": "loky",
    "joblib": "joblib",
    "mpire": "mpire",
    "pebble": "pebble",
    "ray": "ray",
    "mpi4py.futures": "mpi4py",
}

# What both do: case and strategy.
WAYS = [
    ("apply", "round-trips"),
    ("imap", "chunk-1"),
    ("imap", "chunk-64"),
    ("map", "automatic"),
    ("1MiB", "echo"),
    ("64MiB", "echo"),
]


class Failed(Exception):
    """A command that did not end well, with what it said."""


def run(command):
    """Runs a command that prints JSON, and returns that."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # A runner of processes may say something of its own before.
    start = done.stdout.find("{")
    if done.returncode != 0 or start < 0:
        raise Failed(f"{' '.join(map(str, command))} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout[start:])


class Procpool:
    def __init__(self, program, workers, quick):
        self.command = [program, "bench", "--json", "-"] + (["--quick"] if quick else [])
        self.workers = workers

    def bench(self, *arguments, workers=None):
        """What a run found: rates by case, variant and strategy, and figures by name."""
        document = run([*self.command, "--workers", workers or self.workers, *arguments])
        found = {"figures": {one["name"]: one["value"] for one in document["figures"]}}
        for one in document["measurements"]:
            if not one["verified"]:
                raise Failed(f"procpool gave a wrong result: {one['case']}, {one['strategy']}")
            key = one["case"], one["variant"] or "", one["strategy"], one["workers"]
            found[key] = 1 / one["seconds"]["median"]
            if one["items"]:
                found["items", *key] = one["itemsPerSecond"]
        return found

    def ways(self):
        """Items per second of what the peers do too."""
        found = self.bench("--scenario", "overhead")
        for case in ("1MiB", "64MiB"):
            some = self.bench("--case", case)
            found["figures"].update(some.pop("figures"))
            found.update(some)
        return found


def peer(name, program, workers, quick):
    """What a peer did: items per second by case and strategy."""
    from pools import command

    document = run(
        command(name, workers, str(HERE / program))
        + ["--workers", workers, "--json", "-"]
        + (["--quick"] if quick else [])
        + (["--peer", name] if program == "overhead.py" else [])
    )
    if not all(one["verified"] for one in document["measurements"]):
        raise Failed(f"{name} gave a wrong result")
    return {(one["case"], one["strategy"]): one for one in document["measurements"]}


def say(words):
    print(words, file=sys.stderr, flush=True)


def figure(value):
    if value is None:
        return "–"
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


class Promises:
    """The table of what was promised, and whether it is so."""

    def __init__(self):
        self.rows = []

    def add(self, what, found, promised, unit, at_most=False, beside=""):
        if found is None:
            return
        kept = found <= promised if at_most else found >= promised
        bound = f"{'≤' if at_most else '≥'} {promised:g}{unit}"
        self.rows.append((what, f"{found:.3g}{unit}", bound, "yes" if kept else "NO", beside))

    def show(self):
        print(f"\n{'promised':52} {'found':>12} {'promise':>14}  kept")
        for what, found, bound, kept, beside in self.rows:
            print(f"{what:52} {found:>12} {bound:>14}  {kept:4} {beside}")

    @property
    def kept(self):
        return all(row[3] == "yes" for row in self.rows)


def compare(procpool, names, options):
    """Takes turns with each peer; prints the ratios, and returns those to the first of them by way."""
    ratios = {}
    last = {}
    for name in names:
        turns = []
        for turn in range(1, options.rounds + 1):
            say(f"{name}, turn {turn} of {options.rounds}")
            try:
                last = procpool.ways()
                turns.append((last, peer(name, "overhead.py", options.workers, options.quick)))
            except Failed as failure:
                say(str(failure))
                break
        if not turns:
            continue
        print(f"\nprocpool and {name}, {options.workers} workers, items per second")
        print(f"{'':22} {'procpool':>10} {name:>16} {'ratio':>9}")
        for way in WAYS:
            our = [one["items", way[0], "", way[1], options.workers] for one, _ in turns]
            their = [other[way]["itemsPerSecond"] for _, other in turns]
            ratio = statistics.median(a / b for a, b in zip(our, their))
            ratios[name, way] = ratio
            print(
                f"{way[0]:9} {way[1]:12} {figure(statistics.median(our)):>10} "
                f"{figure(statistics.median(their)):>16} {ratio:8.1f}×"
            )
    return ratios, last


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("procpool", help="the path of the procpool executable")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes of each (2)")
    parser.add_argument("--peer", choices=PEERS, action="append", help="this peer, instead of all that are installed")
    parser.add_argument("--rounds", type=int, default=2, metavar="R", help="turns with each peer (2)")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    options = parser.parse_args()

    def is_there(module):
        return importlib.util.find_spec(module.split(".")[0]) is not None

    procpool = Procpool(options.procpool, options.workers, options.quick)
    workers = options.workers
    asked = options.peer or list(PEERS)
    names = [name for name in asked if is_there(PEERS[name])]
    for name in set(asked) - set(names):
        say(f"{name} is not installed")
    ratios, ways = compare(procpool, names, options)

    promises = Promises()
    against = "multiprocessing"

    def promise_ratio(what, way, least):
        promises.add(what, ratios.get((against, way)), least, "×")

    figures = ways.get("figures", {})
    promise_ratio("apply, against multiprocessing.Pool", WAYS[0], 5)
    if ping_pong := figures.get("pipe-ping-pong"):
        say(f"an apply takes {1e6 * figures['apply-processor-time']:.3g} µs of processor time, workers included; a bare")
        say(f"round trip through pipes, where both sides wait for each other, takes {1e6 * ping_pong:.3g} µs")
    promise_ratio("imap, chunk 1, against multiprocessing.Pool", WAYS[1], 20)
    if ways:
        promises.add(
            "imap, chunk 1, million items per second", ways["items", "imap", "", "chunk-1", workers] / 1e6, 1, " M"
        )
    promise_ratio("imap, chunk 64", WAYS[2], 10)
    promise_ratio("map over 10⁷ integers, automatic chunks", WAYS[3], 8)
    for way in WAYS[4:]:
        promise_ratio(f"echo of {way[0]}, both ways", way, 6)
        if ways:
            bare = ways[way[0], "", "echo", workers] / ways[way[0], "", "bare-copies", 0]
            promises.add(f"echo of {way[0]}, against a loop of bare copies", bare, 0.5, "×")
    if cost := figures.get("imap-1-coordinator"):
        promises.add("coordinator's time for an item, imap, chunk 1", 1e6 * cost, 0.5, " µs", at_most=True)
    say("starts")
    spawned = procpool.bench("--scenario", "spawn", workers=8)
    promises.add("8 workers from nothing to first results", 1e3 / spawned["start", "", "broadcast", 8], 40, " ms", at_most=True)
    if memory := spawned["figures"].get("idle-worker"):
        promises.add("memory of an idle worker", memory / (1 << 20), 4, " MiB", at_most=True)

    say("products of matrices")
    if is_there("numpy") and is_there("threadpoolctl"):
        ours = procpool.bench("--scenario", "matmul")
        theirs = peer("multiprocessing", "matmul.py", workers, options.quick)
        best = [key for key in ours if key[0] == "big" and key[1] == "f32" and "in-place" in key[2]]
        ratio = max(ours[key] for key in best) * theirs["big f32", "threads"]["seconds"]["median"]
        promises.add("big f32 in place, against OpenBLAS", ratio, 0.5, "×")
        for case in ("low-l", "high-l"):
            for kind in ("f64", "f32"):
                our = max(rate for key, rate in ours.items() if key[:2] == (case, kind) and key[3] == workers)
                rows = [
                    (one["seconds"]["median"], strategy)
                    for (name, strategy), one in theirs.items()
                    if name == f"{case} {kind}" and strategy != "threads"
                ]
                seconds, strategy = min(rows)
                promises.add(f"{case} {kind}, best against best of Python", our * seconds, 20, "×", beside=strategy)
    else:
        say("NumPy and threadpoolctl are not installed")

    say("slow series")
    label = "slow-series" if options.quick else "slow-series-long"
    series = procpool.bench("--case", label)
    parallel = series[label, "", "small-intervals", workers]
    promises.add("slow series, against serial", parallel / series[label, "", "serial", 0], 1.9, "×")
    if is_there("numba"):
        compiled = peer("multiprocessing", "series.py", workers, options.quick)["slow-series", "threads"]
        promises.add("slow series, against Numba's threads", parallel * compiled["seconds"]["median"], 1, "×")

    say("uneven items, growth")
    uneven = procpool.bench("--scenario", "uneven")["figures"]
    for case in ("mandelbrot", "log-normal"):
        promises.add(f"{case}, against the best schedule", uneven[f"uneven-{case}"], 1.05, "×", at_most=True)
    growth = procpool.bench("--scenario", "growth")["figures"]
    for case in ("items", "workers"):
        promises.add(f"coordinator's time per item, many {case}", growth[f"growth-{case}"], 1.1, "×", at_most=True)
    promises.show()
    return 0 if promises.kept else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
