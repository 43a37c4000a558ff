#!/bin/sh
# check-layers.sh BIN: checks that the folders of Sources/ProcPool use each other in one direction only, by compiling each
# with the folders below it and without those above it. BIN has the modules below ProcPool from a debug build.
set -eu
bin=$1

package=$(sed -n 's/.*"-package-name","\([^"]*\)".*/\1/p' "$(dirname "$(dirname "$bin")")/debug.yaml" | head -n 1)
files=
for layer in Model Scheduling Runtime Calls Pool; do
  files="$files $(find "Sources/ProcPool/$layer" -name '*.swift')"
  # Word splitting is intended: no file name has blanks.
  # shellcheck disable=SC2086
  if ! swiftc -typecheck -swift-version 6 -parse-as-library -D DEBUG -module-name ProcPool \
    -package-name "$package" -I "$bin/Modules" -Xcc -fmodule-map-file="$bin/CProcPoolShims.build/module.modulemap" \
    -Xcc -ISources/CProcPoolShims/include $files
  then
    echo "Sources/ProcPool/$layer uses a folder above it: it does not compile with the folders below it alone" >&2
    exit 1
  fi
done

# The scheduler's state is its own: other folders give it events and ask it questions (`Scheduler+Questions.swift`).
# Swift cannot say that of a type whose extensions are in several files.
state='places|seats|calls|timedCalls|expiries|turns|actions|lastCall|chunksSent|queued|spareTarget|recycling|stallTime'
if grep -rnE "scheduler\.($state)($|[^A-Za-z(])" Sources/ProcPool/Runtime Sources/ProcPool/Calls Sources/ProcPool/Pool; then
  echo "only Sources/ProcPool/Scheduling reads or changes the state of the scheduler" >&2
  exit 1
fi
