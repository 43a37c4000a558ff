#!/bin/sh
# Checks that no build product is committed, and that the README's program is the example that is run.

status=0
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  built=$(git ls-files -- '.build*' '*.o' '*/.build*')
  if [ -n "$built" ]; then
    echo "Build products are committed: $built" >&2
    status=1
  fi
fi

program=$(mktemp)
trap 'rm -f "$program"' EXIT
# The first block of Swift code in the README.
awk '/^```swift$/ { inside = 1; next } /^```$/ && inside { exit } inside' README.md >"$program"
if ! diff -u Examples/Squares/Squares.swift "$program" >&2; then
  echo "The program in README.md is not Examples/Squares/Squares.swift." >&2
  status=1
fi
exit $status
