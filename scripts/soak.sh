#!/usr/bin/env bash
# The long cases: the suites marked as soak (kill -9 over and over, mixed load), then the peer suites again and again.
#
#   SOAK_SECONDS   how long the whole may take, default 1800
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

end=$((SECONDS + ${SOAK_SECONDS:-1800}))
scripts/setup.sh
MARTLET_SOAK=1 SOAK_SECONDS="${SOAK_SECONDS:-1800}" swift test --filter Soak 2>&1 | scripts/count-swift-tests.py
round=0
while [ "$round" -eq 0 ] || [ "$SECONDS" -lt "$end" ]; do
    round=$((round + 1))
    note "peer suites, round $round"
    scripts/peers.sh
done
note "soak: $round rounds of the peer suites passed"
