#!/bin/sh
# Exits with an error and the remedy unless PATH has a Swift that is new enough.

needed="procpool needs Swift 6.2 or later on Linux; install it from https://www.swift.org/install/linux"

if ! command -v swift >/dev/null 2>&1; then
  echo "There is no swift in PATH. $needed" >&2
  exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
major=${version%%.*}
minor=${version#*.}
if [ -z "$version" ] || [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
  echo "$(command -v swift) is version ${version:-unknown}. $needed" >&2
  exit 1
fi
