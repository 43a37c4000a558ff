#!/bin/bash
# Runs each example that has an expected.txt, and compares its output. In that file, `… s` and `… ×` stand for seconds
# and factors, which vary.
#
#   run-examples.sh FOLDER-OF-THE-PROGRAMS

set -euo pipefail

status=0
for expected in Examples/*/expected.txt; do
  name=$(basename "$(dirname "$expected")")
  # Far more time than any example takes: a program that hangs is an error.
  if ! actual=$(timeout 60 "$1/$name" </dev/null); then
    echo "$name: failed, or did not end within a minute" >&2
    status=1
    continue
  fi
  if grep -q '… s' "$expected"; then actual=$(sed -E 's/[0-9.]+ (s|×)( |$)/… \1\2/g' <<<"$actual"); fi
  if ! diff -u "$expected" <(printf '%s\n' "$actual") >&2; then
    echo "$name: the output differs from $expected" >&2
    status=1
  else
    echo "$name: as expected"
  fi
done
exit $status
