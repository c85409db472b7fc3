#!/usr/bin/env bash
# Runs the Swift tests under the thread sanitizer, which stops at the first race. It builds everything anew in its own
# folder: ten minutes the first time. Arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
# A race ends the run; what the packages do is theirs to answer for only where they say so.
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
exec swift test --sanitize=thread --scratch-path .build/tsan "$@"
