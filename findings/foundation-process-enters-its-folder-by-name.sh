#!/usr/bin/env bash
# Starting a program with Foundation's Process from a working directory that cannot be reached by name.
#
# One would guess: without a `currentDirectoryURL`, or with `nil` for it, the child inherits the working directory, as it
# does from a shell, from `posix_spawn`, from Python's subprocess. The directory may have lost its search permission for
# this user, or its name may have bytes that are no UTF-8; what is inherited needs neither permission nor name.
#
# What happens: the property is never `nil`: setting `nil` sets the current directory's name, and `run()` has the child
# go there by that name. It throws though nothing was asked for that needs the name. A file URL without a path
# (`URL(string: "file:")`) is the way to have the directory inherited.
#
# Seen with the Foundation of Swift 6.3.1, glibc 2.36, in a directory named "caf" and the byte E9:
#   shell: started
#   python: started
#   nil: failed
#   without a path: started
#
# Why it matters: a library that starts helpers fails in folders with names from Latin-1 days, in which everything else works.
#
# Fails if this changes. Needs swiftc and python3.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > main.swift <<'SWIFT'
import Foundation

for (name, url) in [("nil", nil), ("without a path", URL(string: "file:"))] as [(String, URL?)] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/true")
  process.currentDirectoryURL = url
  do {
    try process.run()
    process.waitUntilExit()
    print("\(name): started")
  } catch {
    print("\(name): failed")
  }
}
SWIFT

swiftc --version 2>/dev/null | head -n 1
python3 --version
swiftc -O main.swift -o start 2>/dev/null

odd=$(printf 'caf\351')
mkdir "$odd"
cd "$odd"
{
  /bin/sh -c '/bin/true' && echo "shell: started"
  python3 -c 'import subprocess; subprocess.run(["/bin/true"], check=True); print("python: started")'
  "$folder/start"
} | tee "$folder/seen"

printf 'shell: started\npython: started\nnil: failed\nwithout a path: started\n' > "$folder/expected"
if ! diff "$folder/expected" "$folder/seen"; then
  echo "This has changed: read the head of this file." >&2
  exit 1
fi
