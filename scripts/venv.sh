#!/usr/bin/env bash
# Makes a Python environment with pinned packages in the cache and prints the path of its interpreter.
#
#   scripts/venv.sh NAME     NAME is a file of scripts/requirements, such as openai3
#
# An environment whose pins no longer match its file is made anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

name="${1:-}"
requirements="scripts/requirements/$name.txt"
[ -n "$name" ] && [ -f "$requirements" ] || die "no such environment: '$name'; there are $(ls scripts/requirements)"

home="$MARTLET_CACHE/venv-$name"
# Written last, so that an interrupted installation is not taken for a finished one.
stamp="$home/martlet-requirements.txt"

if ! cmp --silent "$requirements" "$stamp"; then
    take_lock "$home.lock"
fi
if ! cmp --silent "$requirements" "$stamp"; then
    note "installing the Python environment $name"
    rm -rf "$home"
    python3 -m venv "$home" || die "python3 cannot make environments; run 'make setup' first"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2 ||
        die "the packages of $requirements could not be installed"
    cp "$requirements" "$stamp"
fi
printf '%s\n' "$home/bin/python"
