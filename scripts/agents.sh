#!/usr/bin/env bash
# Lets command-line agents do a small task through Martlet, in front of scripted models: Claude Code, Codex CLI and
# aider read a file and edit it. Ends with `N passed, N failed`.
#
#   MARTLET_BIN   the binary under test, default .build/debug/martlet
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

suites=(test_agents.ClaudeCode test_agents.Codex)
agents="$(scripts/venv.sh agents)" || die "the agents could not be installed"
if python3 -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then
    aider="$(scripts/venv.sh aider)" || die "aider could not be installed"
    MARTLET_AIDER="$(dirname "$aider")/aider"
    export MARTLET_AIDER
    suites+=(test_agents.Aider)
else
    note "aider is left out: it cannot be installed in Python 3.13 or later"
fi

# The programs of Claude Code and Codex lie inside their packages.
inside() {
    "$agents" -c "import importlib.util, pathlib
print(pathlib.Path(importlib.util.find_spec('$1').origin).parent / '$2')"
}
MARTLET_CLAUDE="$(inside claude_agent_sdk _bundled/claude)"
MARTLET_CODEX="$(inside codex_cli_bin bin/codex)"
export MARTLET_CLAUDE MARTLET_CODEX
printf '%s\n%s\n' "$("$MARTLET_CLAUDE" --version)" "$("$MARTLET_CODEX" --version)"

PYTHONDONTWRITEBYTECODE=1 exec timeout --kill-after=10 280 "$agents" Tests/Peers/run.py "${suites[@]}"
