#!/bin/sh
# check-layers.sh BIN: the folders of Sources/ProcPool use one another in one direction only. Each compiles with the
# folders before it, and without those after it. BIN is where a debug build has left the modules below ProcPool.
set -eu
bin=$1

package=$(sed -n 's/.*"-package-name","\([^"]*\)".*/\1/p' "$(dirname "$(dirname "$bin")")/debug.yaml" | head -n 1)
files=
for layer in Model Scheduling Runtime Calls Pool; do
  files="$files $(find "Sources/ProcPool/$layer" -name '*.swift')"
  # What is spread is file names without blanks.
  # shellcheck disable=SC2086
  if ! swiftc -typecheck -swift-version 6 -parse-as-library -D DEBUG -module-name ProcPool \
    -package-name "$package" -I "$bin/Modules" -Xcc -fmodule-map-file="$bin/CProcPoolShims.build/module.modulemap" \
    -Xcc -ISources/CProcPoolShims/include $files
  then
    echo "Sources/ProcPool/$layer does not compile with the layers below it alone" >&2
    exit 1
  fi
done
