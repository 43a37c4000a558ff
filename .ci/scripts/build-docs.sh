#!/bin/bash
# Builds the documentation of ProcPool, with the modules that it re-exports, from a finished debug build.
#
#   build-docs.sh BUILD-FOLDER OUTPUT-FOLDER

set -euo pipefail

built=$1
output=$2
symbols=$(mktemp -d)
trap 'rm -rf "$symbols"' EXIT

toolchain=$(dirname "$(readlink -f "$(command -v swift)")")
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p' | head -n 1)

# From the built modules rather than with -emit-symbol-graph, which only writes the graphs of recompiled modules.
"$toolchain/swift-symbolgraph-extract" -module-name ProcPool -target "$target" -I "$built/Modules" \
  -Xcc "-fmodule-map-file=$built/CProcPoolShims.build/module.modulemap" \
  -minimum-access-level public -experimental-allowed-reexported-modules=ProcPoolProtocol,ProcPoolWorker,ProcPoolWire,ProcPoolSystem,ProcPoolSharedMemory \
  -output-dir "$symbols"
# Without the members that the module adds to types of the standard library and Foundation.
rm -f "$symbols"/ProcPool@*.symbols.json

rm -rf "$output"
mkdir -p "$(dirname "$output")"
"$toolchain/docc" convert Sources/ProcPool/ProcPool.docc --additional-symbol-graph-dir "$symbols" \
  --output-path "$output" --fallback-display-name ProcPool --fallback-bundle-identifier procpool.ProcPool \
  --warnings-as-errors --disable-parameters-and-returns-validation
cat <<END
The documentation is in $output. Its pages load data, which browsers allow only from a web server:

  python3 -m http.server --bind 127.0.0.1 --directory $output 8000

Then open http://localhost:8000/documentation/procpool. Without Python, any server of static files does, for example
busybox httpd -f -p 127.0.0.1:8000 -h $output
END
