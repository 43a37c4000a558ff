#!/bin/sh
# build-simulation.sh BIN OUTPUT: builds the simulation of the scheduler (Tests/Simulate) as one optimised module
# with the sources of the scheduler, linked with what a release build of the modules below it has left in BIN.
#
# The scheduler is generic over what a chunk carries. A test in another module runs it unspecialised, sixty times
# slower.
set -eu
bin=$1
output=$2

# What SwiftPM calls the package follows from the name of its folder; `package` declarations are seen under it only.
package=$(sed -n 's/.*"-package-name","\([^"]*\)".*/\1/p' "$(dirname "$(dirname "$bin")")/release.yaml" | head -n 1)
objects=
for target in ProcPoolWorker ProcPoolProtocol ProcPoolSharedMemory ProcPoolWire ProcPoolSystem CProcPoolShims; do
  # Not those of sources that there are no more, which a build leaves.
  for source in $(find "Sources/$target" -name '*.swift' -o -name '*.c'); do
    objects="$objects $(find "$bin/$target.build" -name "$(basename "$source").o")"
  done
done
# What is spread is file names without blanks, made by SwiftPM below .build.
# shellcheck disable=SC2086
swiftc -O -wmo -swift-version 6 -parse-as-library -D ONE_MODULE -module-name Simulate -package-name "$package" \
  -I "$bin/Modules" -Xcc -fmodule-map-file="$bin/CProcPoolShims.build/module.modulemap" \
  -Xcc -ISources/CProcPoolShims/include \
  Sources/ProcPool/Model/*.swift Sources/ProcPool/Scheduling/*.swift \
  Tests/Simulate/*.swift Tests/ProcPoolTests/Scheduling/SchedulerSimulation.swift $objects -o "$output"
