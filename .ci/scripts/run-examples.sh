#!/bin/bash
# Runs each example that says what it prints, and compares; the README's is one of them, word for word. Where the
# expectation has `… s` and `… ×`, these stand for seconds and factors, which are never the same.
#
#   run-examples.sh FOLDER-OF-THE-PROGRAMS

set -euo pipefail

status=0
for expected in Examples/*/expected.txt; do
  name=$(basename "$(dirname "$expected")")
  # A minute is far more than any of them takes; a program that hangs is an error and not a wait.
  if ! actual=$(timeout 60 "$1/$name" </dev/null); then
    echo "$name: ended with an error, or not within a minute" >&2
    status=1
    continue
  fi
  if grep -q '… s' "$expected"; then actual=$(sed -E 's/[0-9.]+ (s|×)( |$)/… \1\2/g' <<<"$actual"); fi
  if ! diff -u "$expected" <(printf '%s\n' "$actual") >&2; then
    echo "$name: printed something else than $expected" >&2
    status=1
  else
    echo "$name: as expected"
  fi
done
if ! diff -u Examples/Squares/Squares.swift <(sed -n '/^```swift$/,/^```$/p' README.md | sed '1d; /^```$/,$d') >&2; then
  echo "README.md: its first example is not Examples/Squares/Squares.swift" >&2
  status=1
fi
exit $status
