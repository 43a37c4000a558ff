#!/bin/sh
# Checks that no build product is committed, and that the README's program is Examples/Squares, whose output is
# verified by run-examples.sh.

status=0
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  built=$(git ls-files -- '.build*' '*.o' '*/.build*')
  if [ -n "$built" ]; then
    echo "build products are committed: $built" >&2
    status=1
  fi
fi

program=$(mktemp)
trap 'rm -f "$program"' EXIT
# The first block of Swift code in the README.
awk '/^```swift$/ { inside = 1; next } /^```$/ && inside { exit } inside' README.md >"$program"
if ! diff -u Examples/Squares/Squares.swift "$program" >&2; then
  echo "README.md: the first block of Swift code differs from Examples/Squares/Squares.swift" >&2
  status=1
fi
exit $status
