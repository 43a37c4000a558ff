# procpool
#
#   make bench        build for release and run the benchmark with 8 workers   WORKERS=8 ARGS="--quick"
#   make install      install procpool and the benchmark's worker              PREFIX=~/.local
#   make test         build and run all tests, in 4 processes at a time        PROCESSES=4
#                     or some of them, in one process                      ARGS="--filter NAME"
#   make thorough     the same, with all cases of tests that otherwise try a sample
#   make lint         check formatting, imports, and the files in the repository
#   make layers       check that the folders of ProcPool use each other in one direction; after a debug build
#   make format       format all Swift sources in place
#   make docs         build the documentation into .build/docs, and print how to open it
#   make examples     build and run the examples, and compare their output with what is expected
#   make allocations  count the coordinator's memory allocations
#   make fuzz         decode random bytes                                      SECONDS=60
#   make large        send payloads of 2 GiB + 1 and of 5 GiB; needs 24 GiB of memory  LARGE=2147483649
#   make soak         disturb one pool for a while, and check that nothing grows       MINUTES=10
#   make tsan         run the tests with ThreadSanitizer                       ARGS="--filter NAME"
#   make asan         run the tests with AddressSanitizer                      ARGS="--filter NAME"
#   make simulate     run random schedules against the scheduler               SCHEDULES=100000 SEED=1
#   make peers        compare with Python's pools, and with what was promised  ARGS="--peer loky"
#                     or with an earlier commit                            AGAINST=COMMIT
#   make clean        remove everything that was built
#   make check        what CI runs: lint, build without warnings, layers, test, docs, examples, quick bench,
#                     allocations, 10 s of fuzz, 20 000 schedules
#
# JOBS=2 limits the number of files that are compiled at once.

WORKERS = 8
ARGS =
SECONDS = 60
SCHEDULES = 100000
MINUTES = 10
PROCESSES = 4
PREFIX = $(HOME)/.local
LARGE = 2147483649,5368709120
SEED =
AGAINST =
JOBS ?=
# Added to every debug build; `check` uses it to turn warnings into errors.
STRICT =

# A target may import only what it declares: SwiftPM checks that.
BUILD = swift build --explicit-target-dependency-import-check error $(if $(JOBS),-j $(JOBS))
# The Swift runtime is linked statically because that halves the time a worker takes to start.
RELEASE = $(BUILD) -c release --static-swift-stdlib
SOURCES = Sources Tests Workers Examples Package.swift

.PHONY: help bench install test thorough lint layers format docs examples allocations fuzz large soak tsan asan simulate peers clean check build release swift

help:
	@sed -n '3,/^$$/s/^# \{0,3\}//p' Makefile

# The first prerequisite of every target that needs Swift.
swift:
	@.ci/scripts/require-swift.sh

bench: release
	.build/release/procpool bench --workers $(WORKERS) $(ARGS)

release: swift
	$(RELEASE) --product procpool
	$(RELEASE) --product procpool-bench-worker

# procpool looks up its worker in its own directory, and then in ../libexec/procpool from there.
install: release
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/libexec/procpool"
	install -m 755 .build/release/procpool "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 .build/release/procpool-bench-worker "$(DESTDIR)$(PREFIX)/libexec/procpool"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "$(PREFIX)/bin is not in PATH; add it: export PATH=\"$(PREFIX)/bin:\$$PATH\"" ;; esac

# The tests and the executables that they start, without the examples, which `examples` builds.
build: swift
	$(BUILD) --product procpoolPackageTests $(STRICT)

test: build
	@.ci/scripts/require-workers.sh "$$(swift build --show-bin-path)"
	$(if $(ARGS),swift test --skip-build $(STRICT) $(ARGS),.ci/scripts/run-tests.sh "$$(swift build --show-bin-path)" $(PROCESSES))

thorough:
	PROCPOOL_THOROUGH=1 $(MAKE) test
	PROCPOOL_PATIENT=1 swift test --skip-build --filter CrashReportsThatDoNotEnd

lint: swift
	swift format lint --strict --recursive $(SOURCES)
	.ci/scripts/check-imports.sh
	.ci/scripts/check-tree.sh

# Needs the modules below ProcPool from a debug build.
layers: swift
	.ci/scripts/check-layers.sh "$$(swift build --show-bin-path)"

format: swift
	swift format format --in-place --recursive $(SOURCES)

docs: swift
	$(BUILD) --target ProcPool $(STRICT)
	.ci/scripts/build-docs.sh "$$(swift build --show-bin-path)" .build/docs

EXAMPLES = $(notdir $(patsubst %/expected.txt,%,$(wildcard Examples/*/expected.txt)))

examples: swift
	for name in $(EXAMPLES) OwnWorkerWorker SharedWithNumPy; do $(RELEASE) --product $$name || exit; done
	.ci/scripts/run-examples.sh .build/release

allocations: release
	.ci/scripts/check-allocations.sh .build/release .build/allocations

# One module, so that all of the codec and the protocol is instrumented. Without Swift's own report of a trap, which would
# keep the fuzzer from saving the input that led to it.
fuzz: swift
	mkdir -p .build/fuzz/corpus
	for name in fresh_copy stack; do \
	  "$$(dirname "$$(readlink -f "$$(command -v swift)")")/clang" -O2 -ISources/CProcPoolShims/include -c \
	    Sources/CProcPoolShims/$$name.c -o .build/fuzz/$$name.o || exit; done
	printf 'module CProcPoolShims { header "%s/fresh_copy.h" header "%s/stack.h" }\n' \
	  "$(CURDIR)/Sources/CProcPoolShims/include" "$(CURDIR)/Sources/CProcPoolShims/include" > .build/fuzz/module.modulemap
	rm -rf .build/fuzz/sources && mkdir -p .build/fuzz/sources
	for file in $$(find Sources/ProcPoolWire Sources/ProcPoolProtocol/Frames Sources/ProcPoolProtocol/Messages -name '*.swift') \
	  Sources/ProcPoolProtocol/*.swift Sources/ProcPoolProtocol/Identifiers/CallID.swift Tests/Fuzz/*.swift; do \
	  sed '/^import ProcPool/d' "$$file" > ".build/fuzz/sources/$$(basename "$$file")" || exit; done
	swiftc -O -sanitize=fuzzer -parse-as-library -swift-version 6 -package-name procpool -I .build/fuzz \
	  .build/fuzz/sources/*.swift .build/fuzz/fresh_copy.o .build/fuzz/stack.o -o .build/fuzz/codec
	SWIFT_BACKTRACE=enable=no .build/fuzz/codec -max_total_time=$(SECONDS) -rss_limit_mb=512 -malloc_limit_mb=64 -timeout=5 \
	  -max_len=4096 -artifact_prefix=.build/fuzz/ .build/fuzz/corpus

soak: release
	.build/release/procpool soak --minutes $(MINUTES) $(ARGS)

# Skipped with both sanitizers, because a sanitizer
# - treats it as an error of its own when a worker traps, exits or runs out of memory,
# - has frames of its own on the stacks that tests walk,
# - slows a worker down by a factor of ten, which tests would notice that count its time or its memory,
# - would make the simulation and the bench compute for minutes,
# - does not know the thread that Swift's crash reports start, and
# - cannot be linked with the documentation's code, whose objects are built without it.
# The suites that end workers by signals are not skipped.
SANITIZED = --skip 'DocumentedCode|EveryItemEndsExactlyOnce|CrashMatrix|CrashReports|Cuts|Autopsies|OutOfMemory|Limits|Costs|FailingCalls|aWorkerThatSeesNoProc' \
  --skip 'aWorkerThatDiesMidTask|aProcessThatHasEndedTakesNoMemory|jsonFile|whatItIsDoingIsToldIfWanted'
# Signals are left to the workers. Memory that Foundation, Dispatch and the runtime never free is not a leak.
SIGNALS = handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigtrap=0:handle_abort=0:handle_sigfpe=0

# Each sanitizer builds into a folder of its own, so that the ordinary build stays up to date. By default a process waits
# for a second at its end for races to show (`atexit_sleep_ms`), and a worker would outlive its coordinator.
tsan: swift
	$(BUILD) --build-tests --sanitize=thread --scratch-path .build/tsan
	"$$(dirname "$$(readlink -f "$$(command -v swift)")")/clang" -O1 -shared -fPIC Tests/Sanitizers/SwiftMutex.c -o .build/tsan/mutex.so
	SWIFT_BACKTRACE=enable=no LD_PRELOAD="$(CURDIR)/.build/tsan/mutex.so" \
	  TSAN_OPTIONS="$(SIGNALS):suppressions=$(CURDIR)/Tests/Sanitizers/thread-suppressions.txt:report_thread_leaks=0:atexit_sleep_ms=0" \
	  swift test --skip-build --sanitize=thread --scratch-path .build/tsan $(SANITIZED) $(ARGS)

# AddressSanitizer puts space around each variable, so that the deepest nesting of the codec does not fit a thread's
# stack, and moves variables elsewhere, so that a task cannot measure its stack.
DEEP = --skip 'theDepthLimitFits|nestingBeyondTheLimit|aTypeThatWritesItselfCannotNest|aTaskHasSixMegabytesOfStack'

asan: swift
	$(BUILD) --build-tests --sanitize=address --scratch-path .build/asan
	SWIFT_BACKTRACE=enable=no ASAN_OPTIONS="$(SIGNALS):detect_leaks=0" \
	  swift test --skip-build --sanitize=address --scratch-path .build/asan $(SANITIZED) $(DEEP) $(ARGS)

large: build
	PROCPOOL_LARGE=$(LARGE) swift test --skip-build --filter PayloadsOfManyGigabytes

simulate: swift
	$(RELEASE) --target ProcPool
	.ci/scripts/build-simulation.sh "$$(swift build -c release --show-bin-path)" .build/simulate
	.build/simulate $(SCHEDULES) $(SEED)

# Packages that cannot be installed are skipped.
ifneq ($(AGAINST),)
# Another commit, built in a folder of its own, takes turns with today's build. It is kept for the next time.
peers: release
	@command -v python3 >/dev/null || { echo "make peers needs python3, which is not in PATH." >&2; exit 1; }
	test -d .build/against/$(AGAINST) || git worktree add --detach .build/against/$(AGAINST) $(AGAINST)
	$(MAKE) -C .build/against/$(AGAINST) release AGAINST=
	python3 Examples/Peers/against.py .build/release/procpool .build/against/$(AGAINST)/.build/release/procpool $(ARGS)
else
peers: release
	@command -v python3 >/dev/null || { echo "make peers needs python3, which is not in PATH." >&2; exit 1; }
	test -x .build/peers/bin/python || python3 -m venv .build/peers
	@for package in $$(grep -v '^#' Examples/Peers/requirements.txt); do \
	  .build/peers/bin/pip install --quiet --disable-pip-version-check $$package || echo "$$package cannot be installed and is skipped"; \
	done
	.build/peers/bin/python Examples/Peers/side_by_side.py .build/release/procpool $(ARGS)
endif

clean:
	rm -rf .build
	-@git worktree prune 2>/dev/null

# Prints the time, so that the log of a slow run shows which step was slow.
STEP = +@date '+--- %T'; set -x; $(MAKE) --no-print-directory

# One step after the other, even with `make -j`: two builds in one folder would wait for each other.
check:
	$(STEP) lint
	$(STEP) build STRICT="-Xswiftc -warnings-as-errors"
	$(STEP) layers
	$(STEP) test STRICT="-Xswiftc -warnings-as-errors"
	$(STEP) docs STRICT="-Xswiftc -warnings-as-errors"
	$(STEP) examples
	$(STEP) bench ARGS="--quick --json .build/bench.json"
	$(STEP) allocations
	$(STEP) fuzz SECONDS=10
	$(STEP) simulate SCHEDULES=20000
