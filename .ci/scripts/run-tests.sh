#!/bin/bash
# Runs all tests in several processes side by side: most tests wait most of the time, but those of `ProcessTests` run
# one at a time within a process, because each checks what is left in its process.
#
#   run-tests.sh FOLDER-OF-THE-TEST-RUNNER PROCESSES
#
# MainActorTests, the part `others`, need a process of their own, too: their check would find the workers of other tests.
#
# The output of each part is written to .build/tests, and printed as well if the part fails.

set -euo pipefail
runner=$1/procpoolPackageTests.xctest
logs=.build/tests

# The parts, which start in this order. A test belongs to the first part whose pattern matches it, and the last pattern
# matches everything, so that each test is in exactly one part. The first part runs alone, after all others: it counts
# calls, which are more on a busy machine, and it has the kernel kill processes for lack of memory, which any pool whose
# worker is killed at that time takes for the cause.
names=(alone faults verbs deaths verbs-m-z streams surroundings processes units others)
patterns=(
  '^ProcessTests\.Processes/(Deaths/OutOfMemory|Verbs/(Costs|Statistics))/'
  '^ProcessTests\.Processes/Deaths/(CrashMatrix|FailingCalls)/'
  '^ProcessTests\.Processes/Verbs/[A-L]'
  '^ProcessTests\.Processes/Deaths/'
  '^ProcessTests\.Processes/Verbs/'
  '^ProcessTests\.Processes/Streams/'
  '^ProcessTests\.Processes/Surroundings/'
  '^ProcessTests\.'
  '^(Documentation|ProcPool[A-Za-z]*)Tests\.'
  '.'
)

# Runs one part, for xargs below.
if [ $# -eq 3 ]; then
  name=${names[$3]}
  tests=(--filter "${patterns[$3]}")
  for earlier in "${patterns[@]:0:$3}"; do tests+=(--skip "$earlier"); done
  status=0
  # What a part starts inherits the variable, which tells it from what other parts start.
  PROCPOOL_TESTS=$name "$runner" --testing-library swift-testing "${tests[@]}" >"$logs/$name" 2>&1 || status=$?
  summary=$(grep -a '^[^ ]* Test run with ' "$logs/$name" || echo "✘ Test run ended early")
  echo "$name: $summary"
  if [ "$status" -ne 0 ]; then echo "$status" >"$logs/$name.failed"; fi
  exit $((status != 0))
fi

rm -rf "$logs"
mkdir -p "$logs"
# The folders of tests that are interrupted go with this one. Others may pass through it, as through /tmp.
PROCPOOL_SCRATCH=$(mktemp -d /tmp/procpool-tests-XXXXXX)
export PROCPOOL_SCRATCH
chmod 711 "$PROCPOOL_SCRATCH"
finish() {
  rm -rf "$PROCPOOL_SCRATCH"
  if [ -n "${progress_job-}" ]; then
    # Ctrl-C has ended it, too.
    kill "$progress_job" 2>/dev/null || true
    printf '\e[K'
  fi
}
trap finish EXIT

# On a terminal, the last line shows how many tests have ended in each running part.
progress() {
  local name line
  while sleep 1; do
    line=
    for name in "${names[@]}"; do
      if [ -e "$logs/$name" ] && ! grep -aq '^[^ ]* Test run with ' "$logs/$name"; then
        line+="$name $(grep -ac '^[^ ]* Test .* after [0-9.]* seconds' "$logs/$name" || true)  "
      fi
    done
    printf '\r\e[K%.*s\r' "$(($(tput cols) - 1))" "$line"
  done
}
if [ -t 1 ]; then
  progress &
  progress_job=$!
fi

# Ctrl-C ends xargs and the parts; it would not reach background jobs of this shell.
result=0
seq 1 $((${#names[@]} - 1)) | xargs -P "$2" -n 1 "$0" "$1" "$2" || result=1
"$0" "$1" "$2" 0 || result=1

for name in "${names[@]}"; do
  [ -e "$logs/$name.failed" ] || continue
  echo "--- $name failed with exit status $(cat "$logs/$name.failed"); all of its output is in $logs/$name"
  # Without what started or passed, unless it ended there.
  grep -av -e '^◇ ' -e '^✔ ' "$logs/$name" || true
  grep -aq '^[^ ]* Test run with ' "$logs/$name" || tail -n 5 "$logs/$name"
done

# That no test was left out.
expected=$("$runner" --testing-library swift-testing --list-tests | wc -l)
run=$(cat "$logs"/* | awk '/^[^ ]* Test run with / { sum += $5 } END { print sum + 0 }')
echo "$run of $expected tests have run; known issues are the leak check's proof that it finds leaks"
[ "$run" -eq "$expected" ] || result=1
exit "$result"
