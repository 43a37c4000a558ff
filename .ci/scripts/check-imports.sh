#!/bin/bash
# Checks which modules of the system are imported where. Which modules of this package a target may import is said by
# its dependencies in Package.swift, and checked by SwiftPM: every build passes --explicit-target-dependency-import-check.
#
# A worker that links Foundation takes three times as long to start, so nothing that a worker needs may import it.

set -euo pipefail

status=0

# check NAME EXCEPTION...: reports imports of a module in other folders, or files, than these.
check() {
  local name=$1
  shift
  local file line text exception
  while IFS=: read -r file line text; do
    [ -n "$file" ] || continue
    for exception in "$@"; do
      case $file in "$exception" | "$exception"/*) continue 2 ;; esac
    done
    echo "$file:$line: may not import $name" >&2
    status=1
  done < <(grep -rnE --include='*.swift' "^[[:space:]]*(@[[:alnum:]_]+ )*((public|package|internal) )?import ((struct|class|enum|func) )?$name\b" Sources Workers || [ $? -eq 1 ])
}

# In ProcPool only the file that starts processes.
check Foundation Sources/ProcPoolFoundation Sources/ProcPoolBench Sources/ProcPoolCommand \
  Sources/ProcPool/Runtime/Endpoints/FoundationProcess.swift
check Dispatch Sources/ProcPoolWorker Sources/ProcPool Sources/ProcPoolBench Sources/ProcPoolCommand Workers
# The codec knows no system.
check Glibc Sources/ProcPoolSystem Sources/ProcPoolProtocol Sources/ProcPoolSharedMemory Sources/ProcPoolWorker \
  Sources/ProcPool Sources/ProcPoolBench Sources/ProcPoolCommand Workers

exit $status
