#!/bin/bash
# Checks that modules import in one direction only, and that Foundation is imported only where it is allowed.
#
# The table is the architecture: a module may import the modules in its line and no others.

set -euo pipefail

system="Glibc Musl Synchronization"

allowed() {
  case $1 in
    Sources/ProcPoolWire) echo "CProcPoolShims Synchronization" ;;
    Sources/ProcPoolSystem) echo "CProcPoolShims $system" ;;
    Sources/ProcPoolProtocol) echo "ProcPoolWire ProcPoolSystem $system" ;;
    Sources/ProcPoolSharedMemory) echo "ProcPoolWire ProcPoolSystem CProcPoolShims $system" ;;
    Sources/ProcPoolWorker) echo "ProcPoolProtocol ProcPoolWire ProcPoolSystem ProcPoolSharedMemory Dispatch $system" ;;
    Sources/ProcPoolFoundation) echo "ProcPoolWire Foundation" ;;
    Sources/ProcPool) echo "ProcPoolProtocol ProcPoolWire ProcPoolSystem ProcPoolSharedMemory ProcPoolWorker ProcPoolFoundation Dispatch $system" ;;
    Sources/ProcPoolBench) echo "ProcPool ProcPoolProtocol ProcPoolSystem BenchTasks Dispatch Foundation $system" ;;
    Sources/ProcPoolCommand) echo "ProcPoolBench ProcPoolSystem Dispatch Foundation $system" ;;
    Workers/BenchTasks) echo "ProcPoolWire ProcPoolSharedMemory ProcPoolWorker BenchKernels $system" ;;
    Workers/BenchWorker) echo "BenchTasks ProcPoolWorker" ;;
    # The protocol, because these tasks violate it on purpose.
    Workers/FaultyTasks) echo "ProcPoolProtocol ProcPoolWire ProcPoolSharedMemory ProcPool ProcPoolWorker Dispatch $system" ;;
    Workers/FaultyWorker) echo "FaultyTasks ProcPoolProtocol ProcPoolSystem ProcPool ProcPoolWorker AllocationCount $system" ;;
    *) return 1 ;;
  esac
}

# The exception: the one file that starts processes.
foundation=Sources/ProcPool/Runtime/Endpoints/WorkerProcess.swift

# `import M`, `@attribute import M`, `public import struct M.Name`: file:line:module.
pattern='^[[:space:]]*(@[[:alnum:]_()]+[[:space:]]+)*((public|package|internal|fileprivate|private)[[:space:]]+)?import[[:space:]]'
status=0
for module in Sources/* Workers/*; do
  [ -d "$module" ] || continue
  if ! list=$(allowed "$module"); then
    if find "$module" -name '*.swift' -print -quit | grep -q .; then
      echo "$module: this module has no line in .ci/scripts/check-imports.sh" >&2
      status=1
    fi
    continue
  fi
  # grep exits with 1 if a module imports nothing.
  imports=$(grep -rnE --include='*.swift' "$pattern" "$module" || [ $? -eq 1 ])
  while IFS=: read -r file line text; do
    [ -n "$file" ] || continue
    name=$(sed -E 's/^.*import[[:space:]]+((struct|class|enum|protocol|func|var|let|typealias)[[:space:]]+)?//; s/[.[:space:]].*//' <<<"$text")
    case " $list " in *" $name "*) continue ;; esac
    [ "$name:$file" = "Foundation:$foundation" ] && continue
    echo "$file:$line: $module may not import $name; it may import: ${list:-nothing}" >&2
    status=1
  done <<<"$imports"
done
exit $status
