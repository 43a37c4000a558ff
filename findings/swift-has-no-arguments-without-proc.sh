#!/usr/bin/env bash
# A Swift program's arguments where /proc is not mounted.
#
# One would guess: `CommandLine.arguments` is what `main` was given: the kernel puts the arguments on the new program's
# stack, and C, Python and others have them from there.
#
# What happens: on Linux the runtime reads them from /proc/self/cmdline. In a bare chroot, an early boot stage or a container
# without /proc the array is empty, so that even `CommandLine.arguments[0]` is out of range. `dropFirst()` hides that: the
# program runs as if it had been given no options.
#
# Seen with Swift 6.3.1 on Linux 6.18:
#   with /proc: 3 arguments, shell 3
#   without /proc: 0 arguments, shell 3
#
# Why it matters: a worker or tool silently ignores its options and does the default instead.
#
# Fails if this changes. Needs swiftc, unshare (util-linux) and the right to make a mount namespace.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo 'print(CommandLine.arguments.count)' > main.swift
swiftc --version 2>/dev/null | head -n 1
swiftc -O main.swift -o count 2>/dev/null

both='swift=$(./count one two); shell=$(sh -c "echo \$((\$# + 1))" sh one two); echo "$swift arguments, shell $shell"'
{
  echo "with /proc: $(sh -c "$both")"
  echo "without /proc: $(unshare --mount sh -c "umount -l /proc && $both")"
} | tee seen

printf 'with /proc: 3 arguments, shell 3\nwithout /proc: 0 arguments, shell 3\n' > expected
if ! diff expected seen; then
  echo "This has changed: read the head of this file." >&2
  exit 1
fi
