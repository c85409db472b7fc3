#!/usr/bin/env bash
# Prints the files and folders that hold the project's Swift code, one a line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for root in Package.swift Sources Tests Benchmarks Examples Fuzz; do
    if [ -e "$root" ]; then
        printf '%s\n' "$root"
    fi
done
