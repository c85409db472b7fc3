#!/usr/bin/env bash
# Runs Martlet against real programs: the official openai and anthropic SDKs, HTTP/2 clients, curl and llama-server. Ends
# with `N passed, N failed`.
#
#   MARTLET_BIN   the binary under test, default .build/debug/martlet
#   KILL_ROUNDS   how often a gateway under load is killed, default 4
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

passed=0
failed=0

# Runs suites in one Python environment and adds what they counted. A run that does not say how it ended is a failure.
run() {
    local python="$1" output last
    shift
    output="$(mktemp)"
    PYTHONDONTWRITEBYTECODE=1 timeout --kill-after=10 600 "$python" Tests/Peers/run.py "$@" 2>&1 | tee "$output" || true
    last="$(tail -n 1 "$output")"
    rm -f "$output"
    if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
    else
        fail "$* did not finish"
    fi
}

fail() {
    note "FAIL $*"
    failed=$((failed + 1))
}

for major in 2 3; do
    if python="$(scripts/venv.sh "openai$major")"; then
        printf '\nopenai SDK %s\n' "$("$python" -c 'import openai; print(openai.__version__)')"
        run "$python" test_openai_sdk
    else
        fail "no Python environment for the openai SDK $major.x"
    fi
done

if python="$(scripts/venv.sh http2)"; then
    printf '\nTLS and HTTP/2\n'
    run "$python" test_tls
else
    fail "no Python environment with an HTTP/2 client"
fi

if python="$(scripts/venv.sh anthropic)"; then
    printf '\nother dialects\n'
    run "$python" test_dialects
else
    fail "no Python environment for the anthropic SDK"
fi

if python="$(scripts/venv.sh openai3)"; then
    printf '\nusage\n'
    run "$python" test_usage test_kill test_soak_rules
    printf '\nllama-server\n'
    if MARTLET_LLAMA_SERVER="$(scripts/llama-server.sh)" && MARTLET_TINY_MODEL="$(scripts/tiny-model.sh)"; then
        export MARTLET_LLAMA_SERVER MARTLET_TINY_MODEL
        run "$python" test_llama_server
    else
        fail "llama-server or its model is not there"
    fi
fi

printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
