#!/bin/bash
# Counts the coordinator's memory allocations per item, in the release build, because a debug build allocates where an
# optimised one does not. A test counts those of workers.
#
#   check-allocations.sh FOLDER-OF-THE-PROGRAMS FOLDER-FOR-THE-RESULT

set -euo pipefail

if [ "$(uname)" != Linux ]; then
  echo "allocations are only counted on Linux"
  exit 0
fi
mkdir -p "$2"
"$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O2 -shared -fPIC -DREPORTS_AT_EXIT \
  -IWorkers/AllocationCount/include Workers/AllocationCount/allocation_count.c -o "$2/count.so"

# The allocations of a case with a number of runs, and the items of all runs.
count() {
  rm -f "$2/count"
  PROCPOOL_ALLOCATIONS="$2/count" LD_PRELOAD="$2/count.so" \
    "$1/procpool" bench --workers 2 --scenario overhead --case "$3" --repeat "$4" --json "$2/count.json" >/dev/null
  allocations=$(cat "$2/count")
  items=$(sed -n 's/.*"items" *: *\([0-9]*\).*/\1/p' "$2/count.json" | awk "{ sum += \$1 } END { print sum }")
}

status=0
# Measured: 36 per round trip; 3 per thousand items of `imap` (in chunks of 1 and of 64), and 1.2 of `map`.
while read -r case limit; do
  count "$1" "$2" "$case" 2
  before=$allocations
  count "$1" "$2" "$case" 12
  found=$(((allocations - before) * 1000 / (items * 10)))
  echo "$case: $found allocations per 1000 items (at most $limit)"
  if [ "$found" -gt "$limit" ] || [ "$found" -le 0 ]; then
    echo "$case: the coordinator makes $found allocations per 1000 items; the limit is $limit" >&2
    status=1
  fi
done <<'LIMITS'
apply 60000
imap 20
map 5
LIMITS
exit $status
