#!/usr/bin/env bash
# Builds the packages in Examples as their users would: each from its own Package.swift, with Martlet as a dependency.
# Ends with `N passed, N failed`.
#
# They are built in the repository's own build folder. Martlet is compiled there already, with the same settings, so that
# only the files of the examples are; what they fetch are the versions that the repository's build took.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

passed=0
failed=0
[ -f Package.resolved ] || swift package resolve
for manifest in Examples/*/Package.swift; do
    folder="$(dirname "$manifest")"
    cp Package.resolved "$folder/Package.resolved"
    if swift build --package-path "$folder" --scratch-path .build; then
        passed=$((passed + 1))
    else
        note "FAIL $folder does not build"
        failed=$((failed + 1))
    fi
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
