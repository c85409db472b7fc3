#!/usr/bin/env bash
# Checks the form of the source: formatting, imports, names, shell scripts. Goes through all of it before it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

failed=0
# Runs one check and remembers a failure.
check() {
    local title="$1"
    shift
    if "$@"; then
        note "ok   $title"
    else
        note "FAIL $title"
        failed=1
    fi
}

swift_format() {
    mapfile -t roots < <(scripts/swift-roots.sh)
    swift format lint --strict --recursive --parallel "${roots[@]}"
}

shell_scripts() {
    local python
    python="$(scripts/venv.sh lint)" || return
    "$(dirname "$python")/shellcheck" --severity=warning --external-sources --source-path=SCRIPTDIR/.. scripts/*.sh .ci/run
}

python_scripts() {
    # Parses only: nothing is written beside the sources.
    python3 - <<'PYTHON'
import ast, pathlib
for folder in ("scripts", "Tests", "Benchmarks"):
    for file in pathlib.Path(folder).rglob("*.py"):
        ast.parse(file.read_text(), str(file))
PYTHON
}

check "formatting" swift_format
check "imports" scripts/check-imports.py
check "names" scripts/check-names.py
check "registry" python3 scripts/import-models.py --check
check "checkers themselves" scripts/test-checkers.py
check "shell scripts" shell_scripts
check "Python scripts" python_scripts
exit "$failed"
