#!/usr/bin/env bash
# Runs the Swift tests under the thread sanitizer, which stops at the first race. It builds everything anew in its own
# folder: up to twenty minutes on two cores the first time; the tests then take four.
# Arguments go to `swift test`. What it must not report, and why, stands in scripts/tsan.supp.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
exec swift test --sanitize=thread --scratch-path .build/tsan "$@"
