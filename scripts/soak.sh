#!/usr/bin/env bash
# The long cases, about a quarter of an hour with all parts. Arguments choose parts:
#
#   load    mixed load on two gateways for SOAK_SECONDS, default 600: memory, descriptors, latency, counts
#   kill    a gateway under load is killed KILL_ROUNDS times, default 60, and its ledger compared with what clients got
#   spool   the ledger alone is killed a thousand times, and many more histories of an exchange are played
#
# Load and kills are for a release build, or for MARTLET_BIN when that is set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

parts=("$@")
[ "${#parts[@]}" -gt 0 ] || parts=(load kill spool)
scripts/setup.sh
if [ -z "${MARTLET_BIN:-}" ]; then
    scripts/release.sh martlet
    export MARTLET_BIN=.build/release/martlet
fi
python="$(scripts/venv.sh http2)" || die "no Python environment with an HTTP/2 client"
export PYTHONDONTWRITEBYTECODE=1

failed=0
for part in "${parts[@]}"; do
    printf '\n== %s\n' "$part"
    case "$part" in
    load) "$python" Tests/Peers/soak.py "${SOAK_SECONDS:-600}" || failed=1 ;;
    kill) KILL_ROUNDS="${KILL_ROUNDS:-60}" "$python" Tests/Peers/run.py test_kill || failed=1 ;;
    spool)
        MARTLET_SOAK=1 swift test --filter 'KillTests|RandomSchedule' 2>&1 | scripts/count-swift-tests.py || failed=1
        ;;
    *) die "no such part: $part" ;;
    esac
done
exit "$failed"
