#!/usr/bin/env bash
# Makes the tiny test model once in the cache, checks that it is the one the tests count tokens of, prints its path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

sha256=c5232702238fba10408b4ff5278afab263a6ae76fefe6b0a29259ae3e9f44f43
model="$MARTLET_CACHE/models/tiny-${sha256:0:12}.gguf"

if [ ! -f "$model" ]; then
    python="$(scripts/venv.sh gguf)"
    take_lock "$MARTLET_CACHE/models/tiny.lock"
    draft="$model.partial"
    "$python" Tests/Fixtures/make_tiny_gguf.py "$draft" >&2
    echo "$sha256  $draft" | sha256sum --check --quiet >&2 ||
        die "the generator wrote other bytes than the tests expect; see Tests/Fixtures/make_tiny_gguf.py"
    mv "$draft" "$model"
fi
printf '%s\n' "$model"
