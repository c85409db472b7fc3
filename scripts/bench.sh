#!/usr/bin/env bash
# Builds what the benchmarks measure in release and runs them; they compile their own tools into .build/bench.
# Arguments go to Benchmarks/bench.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh bench
scripts/release.sh martlet BareRelay ScanBench SignBench PlanBench
exec python3 Benchmarks/bench.py "$@"
