#!/bin/bash
# Counts how often the coordinator asks for memory for each item. In the release build, because a debug build does so
# for much that an optimised one does not; workers are counted by a test.
#
#   check-allocations.sh FOLDER-OF-THE-PROGRAMS FOLDER-FOR-THE-RESULT

set -euo pipefail

if [ "$(uname)" != Linux ]; then
  echo "allocations are counted on Linux only"
  exit 0
fi
mkdir -p "$2"
"$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O2 -shared -fPIC -DREPORTS_AT_EXIT \
  -IWorkers/AllocationCount/include Workers/AllocationCount/allocation_count.c -o "$2/count.so"

# What a case costs with so many runs, and how many items a run has.
count() {
  rm -f "$2/count"
  PROCPOOL_ALLOCATIONS="$2/count" LD_PRELOAD="$2/count.so" \
    "$1/procpool" bench --workers 2 --scenario overhead --case "$3" --repeat "$4" --json "$2/count.json" >/dev/null
  allocations=$(cat "$2/count")
  items=$(sed -n 's/.*"items" *: *\([0-9]*\).*/\1/p' "$2/count.json" | awk "{ sum += \$1 } END { print sum }")
}

status=0
# Found: 36 for each round trip, 3 for a thousand items of `imap` (in chunks of 1 and of 64), 1.2 of `map`.
while read -r case limit; do
  count "$1" "$2" "$case" 2
  before=$allocations
  count "$1" "$2" "$case" 12
  found=$(((allocations - before) * 1000 / (items * 10)))
  echo "$case: $found allocations for 1000 items (at most $limit)"
  if [ "$found" -gt "$limit" ] || [ "$found" -le 0 ]; then
    echo "$case: the coordinator asks for memory $found times for 1000 items, and should at most $limit times" >&2
    status=1
  fi
done <<'LIMITS'
apply 60000
imap 20
map 5
LIMITS
exit $status
