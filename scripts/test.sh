#!/usr/bin/env bash
# Every test there is: the Swift tests, the packages in Examples, a short run of each fuzzer, the real peers, the agents.
# Ends with one line, `N passed, N failed`, over all of them, and with an exit code that is not 0 if anything failed.
#
#   SWIFT_TEST_LIMIT   seconds after which a Swift test run counts as hung, default 1200
#   FUZZ_INPUTS        made-up inputs for each fuzzer, the same in every run, default 4000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

passed=0
failed=0
started=$SECONDS
work="$(mktemp -d)"
prepare_pid=""

# Ends what this run started and still runs; an unfinished build of llama-server is continued next time.
clean_up() {
    if [ -n "$prepare_pid" ] && [ -n "$(jobs -pr)" ]; then
        kill -- "-$prepare_pid" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT

# Adds the counts of a part that ends with `N passed, N failed`; the part itself may have failed.
add() {
    local title="$1" log="$2" status="$3" last
    last="$(grep --extended-regexp '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1 || true)"
    if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then
            failed=$((failed + 1))
        fi
    else
        failed=$((failed + 1))
        last="no result (exit code $status)"
    fi
    summary+=("$(printf '%-14s %s' "$title" "$last")")
}

# Runs one part with its output shown and kept.
part() {
    local title="$1" log="$work/$1.log" status
    shift
    printf '\n== %s\n' "$title"
    set +e
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    add "$title" "$log" "$status"
}

swift_tests() {
    swift build --build-tests || return
    timeout --kill-after=10 "${SWIFT_TEST_LIMIT:-1200}" swift test --skip-build 2>&1 | scripts/count-swift-tests.py
}

summary=()
scripts/setup.sh

# What takes longest in a cold run needs nothing of ours, so it goes on beside the Swift build, in a process group of its
# own so that it can be ended with all its compilers.
set -m
nice -n 15 bash -c '
    scripts/llama-server.sh &
    for file in scripts/requirements/*.txt; do scripts/venv.sh "$(basename "$file" .txt)"; done
    wait
' >/dev/null 2>"$work/prepare.log" &
prepare_pid=$!
set +m

part swift swift_tests
part examples scripts/examples.sh
part fuzz env FUZZ_INPUTS="${FUZZ_INPUTS:-4000}" scripts/fuzz.py
if [ -x "${MARTLET_BIN:-.build/debug/martlet}" ]; then
    part peers scripts/peers.sh
    part agents scripts/agents.sh
else
    note "FAIL the peer suites need .build/debug/martlet, which was not built"
    failed=$((failed + 1))
    summary+=("peers          not run" "agents         not run")
fi

scripts/show-failures.py "$work"/{swift,examples,fuzz,peers,agents}.log
printf '\n== summary (%s s)\n' "$((SECONDS - started))"
printf '%s\n' "${summary[@]}"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
