#!/usr/bin/env bash
# What Foundation's Process says of a child that was killed, in a program that ignores SIGCHLD.
#
# One would guess: `terminationReason` is `.uncaughtSignal` with status 9, or there is some sign that the status is not
# known, since the kernel keeps none for a parent that ignores SIGCHLD.
#
# What happens: `waitpid` fails inside of Foundation, which does not look at that, and reports `.exit` with status 0: the
# child that was killed seems to have succeeded. The same in a program that waits for all children in another thread.
#
# Seen with the Foundation of Swift 6.3.1 on Linux 6.18, glibc 2.36:
#   default: uncaughtSignal 9
#   ignored: exit 0
#
# Why it matters: a supervisor that asks Foundation how its child ended takes every crash for a success as soon as any
# library in the program ignores SIGCHLD, as daemons have done for decades. Ask the kernel (a pidfd knows the status of a
# process that was reaped by others since Linux 6.15), or report the end as unknown.
#
# Fails if this changes. Needs swiftc.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > main.swift <<'SWIFT'
import Foundation

for isIgnored in [false, true] {
  signal(SIGCHLD, isIgnored ? SIG_IGN : SIG_DFL)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/sleep")
  process.arguments = ["60"]
  try process.run()
  kill(process.processIdentifier, SIGKILL)
  process.waitUntilExit()
  let reason = process.terminationReason == .exit ? "exit" : "uncaughtSignal"
  print("\(isIgnored ? "ignored" : "default"): \(reason) \(process.terminationStatus)")
}
SWIFT

swiftc --version 2>/dev/null | head -n 1
swiftc -O main.swift -o ends 2>/dev/null
./ends | tee seen

printf 'default: uncaughtSignal 9\nignored: exit 0\n' > expected
if ! diff expected seen; then
  echo "This has changed: read the head of this file." >&2
  exit 1
fi
