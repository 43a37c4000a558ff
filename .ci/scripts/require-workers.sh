#!/bin/sh
# Checks that the worker executables that the tests start lie beside the test runner.
#
#   require-workers.sh FOLDER

for worker in FaultyWorker procpool-bench-worker; do
  if [ ! -x "$1/$worker" ]; then
    echo "The worker executable $worker is not in $1, where the tests look for it; a test target that starts it" \
      "must depend on its target in Package.swift." >&2
    exit 1
  fi
done
