#!/usr/bin/env bash
# Builds the gateway in release and starts it in the foreground. Arguments go to `martlet serve`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
scripts/release.sh martlet
exec .build/release/martlet serve "$@"
