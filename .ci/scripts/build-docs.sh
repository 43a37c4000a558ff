#!/bin/bash
# Builds the documentation of ProcPool, with what it re-exports, from modules that are built already.
#
#   build-docs.sh BUILD-FOLDER OUTPUT-FOLDER

set -euo pipefail

built=$1
output=$2
symbols=$(mktemp -d)
trap 'rm -rf "$symbols"' EXIT

toolchain=$(dirname "$(readlink -f "$(command -v swift)")")
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p' | head -n 1)

# From the built modules and not by building with -emit-symbol-graph, which writes only what happens to be recompiled.
"$toolchain/swift-symbolgraph-extract" -module-name ProcPool -target "$target" -I "$built/Modules" \
  -Xcc "-fmodule-map-file=$built/CProcPoolShims.build/module.modulemap" \
  -minimum-access-level public -experimental-allowed-reexported-modules=ProcPoolProtocol,ProcPoolWorker,ProcPoolWire,ProcPoolSystem,ProcPoolSharedMemory \
  -output-dir "$symbols"
# Members that the module adds to the standard library's and Foundation's types are nobody's to look up.
rm -f "$symbols"/ProcPool@*.symbols.json

rm -rf "$output"
mkdir -p "$(dirname "$output")"
"$toolchain/docc" convert Sources/ProcPool/ProcPool.docc --additional-symbol-graph-dir "$symbols" \
  --output-path "$output" --fallback-display-name ProcPool --fallback-bundle-identifier procpool.ProcPool \
  --warnings-as-errors --disable-parameters-and-returns-validation
echo "The documentation is in $output."
