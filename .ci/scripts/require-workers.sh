#!/bin/sh
# Checks that the test runner's directory has the worker executables that the tests start.
#
#   require-workers.sh FOLDER

for worker in FaultyWorker procpool-bench-worker; do
  if [ ! -x "$1/$worker" ]; then
    echo "The worker executable $worker is not in $1, where the tests look it up. A test target that starts it must" \
      "depend on its target in Package.swift." >&2
    exit 1
  fi
done
