#!/bin/sh
# build-simulation.sh BIN OUTPUT: builds the simulation of the scheduler (Tests/Simulate) and the scheduler's sources as
# one optimised module, linked with the modules below it from the release build in BIN.
#
# The scheduler is generic over the payload of a chunk. A test in another module runs it unspecialised, sixty times
# slower.
set -eu
bin=$1
output=$2

# `package` declarations are visible only under the package's name, which SwiftPM derives from its folder's name.
package=$(sed -n 's/.*"-package-name","\([^"]*\)".*/\1/p' "$(dirname "$(dirname "$bin")")/release.yaml" | head -n 1)
objects=
for target in ProcPoolWorker ProcPoolProtocol ProcPoolSharedMemory ProcPoolWire ProcPoolSystem CProcPoolShims; do
  # Only objects of existing sources: a build does not remove those of deleted files.
  for source in $(find "Sources/$target" -name '*.swift' -o -name '*.c'); do
    objects="$objects $(find "$bin/$target.build" -name "$(basename "$source").o")"
  done
done
# Word splitting is intended: these file names below .build have no blanks.
# shellcheck disable=SC2086
swiftc -O -wmo -swift-version 6 -parse-as-library -D ONE_MODULE -module-name Simulate -package-name "$package" \
  -I "$bin/Modules" -Xcc -fmodule-map-file="$bin/CProcPoolShims.build/module.modulemap" \
  -Xcc -ISources/CProcPoolShims/include \
  Sources/ProcPool/Model/*.swift Sources/ProcPool/Scheduling/*.swift \
  Tests/Simulate/*.swift Tests/ProcPoolTests/Scheduling/Literals.swift Tests/ProcPoolTests/Scheduling/SchedulerSimulation.swift $objects -o "$output"
