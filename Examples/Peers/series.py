#!/usr/bin/env python3
"""The slow series by Numba, compiled and on several threads: the sum of 1/k over all k without a digit 9.

The job of `procpool bench --scenario partial-sums --case slow-series`. Needs Numba.

    python3 series.py --workers 2
"""

import sys

import numba

from measuring import main, measure

# More terms than in the course material, whose series takes less than a tenth of a second.
TERMS = 1_000_000_000
# Computed digit by digit, to the places that a plain sum of that many terms gets right.
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
