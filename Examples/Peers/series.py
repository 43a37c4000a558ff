#!/usr/bin/env python3
"""The slow series by Numba: Σ 1/k without the k that have a 9 among their digits, compiled, on several threads.

The job of `procpool bench --scenario partial-sums --case slow-series`. Needs Numba.

    python3 series.py --workers 2
"""

import sys

import numba

from measuring import main, measure

# More than course material has, because that ends within a tenth of a second.
TERMS = 1_000_000_000
# By digits, to as many places as single sums of so many terms are good for.
SUMS = {1_000_000_000: 14.24191, 10_000_000: 12.20615}


@numba.njit(parallel=True, fastmath=True)
def slow_series(terms):
    total = 0.0
    for k in numba.prange(1, terms + 1):
        rest = k
        while rest > 0 and rest % 10 != 9:
            rest //= 10
        if rest == 0:
            total += 1.0 / k
    return total


def measurements(options):
    numba.set_num_threads(options.workers)
    terms = TERMS // 100 if options.quick else TERMS
    yield ("slow-series", "threads"), measure(
        options.repeat, terms, lambda: slow_series(terms), lambda given: abs(given - SUMS[terms]) < 1e-3
    )


if __name__ == "__main__":
    sys.exit(main(__doc__, "a tenth of the terms", {"numba": None}, measurements))
