#!/usr/bin/env bash
# Runs Martlet against real programs: the official SDKs of openai, anthropic and ollama, libraries built on them, HTTP/2
# clients, curl and llama-server. Ends with `N passed, N failed`.
#
#   MARTLET_BIN   the binary under test, default .build/debug/martlet
#   MARTLET_EXAMPLE_BIN  the example with extensions, default .build/debug/PolicyGateway
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

# Runs suites in the environment of that name, after saying which versions of packages it has.
suites() {
    local name="$1" packages="$2" python
    shift 2
    if python="$(scripts/venv.sh "$name")"; then
        printf '\n%s\n' "$("$python" - $packages <<'PYTHON'
import importlib.metadata, sys
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
PYTHON
        )"
        run "$python" "$@"
    else
        fail "no Python environment $name"
    fi
}

for major in 2 3; do
    suites "openai$major" openai test_openai_sdk test_responses_sdk test_responses_rules test_to_responses \
        test_embeddings
done
suites anthropic1 anthropic test_anthropic_sdk test_anthropic_rules
suites anthropic "anthropic openai" test_batch_types test_prompt_cache test_anthropic_sdk test_anthropic_rules test_dialects \
    test_to_anthropic test_to_ollama test_thinking test_dialect_failures test_dialect_records test_anthropic_fixtures \
    test_odd_ends
suites anthropic "anthropic openai" test_faults test_outages test_stitch
suites gemini "google-genai openai anthropic" test_to_gemini test_vertex_claude
suites aws "boto3 openai anthropic" test_bedrock test_bedrock_claude test_sagemaker test_aws_frames
suites clients "ollama openai-agents" test_ollama_client test_clients_agents_sdk
suites clients "langchain-openai langchain-anthropic langchain-ollama" test_clients_langchain
suites clients "pydantic-ai-slim llm" test_clients_pydantic_ai test_clients_llm
suites litellm "litellm instructor" test_clients_litellm test_clients_instructor
suites providers "mistralai groq together openrouter openai" test_provider_sdks
suites http2 "httpx openai h2" test_tls
suites credentials "botocore google-auth" test_credentials test_aws_profiles test_google_credentials

if python="$(scripts/venv.sh openai3)"; then
    printf '\nusage\n'
    run "$python" test_usage test_trace test_kill test_soak_rules test_uploads
    if [ -x "${MARTLET_EXAMPLE_BIN:-.build/debug/PolicyGateway}" ]; then
        run "$python" test_extensions
    else
        fail "the example of a gateway with rules of its own was not built: scripts/examples.sh"
    fi
    printf '\nllama-server\n'
    if MARTLET_LLAMA_SERVER="$(scripts/llama-server.sh)" && MARTLET_TINY_MODEL="$(scripts/tiny-model.sh)"; then
        export MARTLET_LLAMA_SERVER MARTLET_TINY_MODEL
        run "$python" test_llama_server
        suites anthropic "anthropic openai" test_llama_anthropic
    else
        fail "llama-server or its model is not there"
    fi
fi

if python="$(scripts/venv.sh jsonschema)"; then
    printf '\nJSON Schema\n'
    run "$python" test_json_schema
else
    fail "no Python environment for jsonschema"
fi

printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
