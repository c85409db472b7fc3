#!/usr/bin/env bash
# Formats all Swift code in place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -t roots < <(scripts/swift-roots.sh)
exec swift format --in-place --recursive --parallel "${roots[@]}"
