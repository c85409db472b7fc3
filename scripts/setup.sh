#!/usr/bin/env bash
# Installs the Debian packages that building and testing need and that are missing. Quiet when nothing is missing.
#
#   scripts/setup.sh [bench]     `bench` adds what only the benchmarks need
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

# Compilers and headers for the C and C++ parts of the dependencies, SQLite for the store, Python for the peer suites.
packages=(
    ca-certificates curl g++ git libsqlite3-dev make openssl python3 python3-pip python3-venv util-linux zlib1g-dev
)
if [ "${1:-}" = bench ]; then
    packages+=(nghttp2-client nginx-light)
fi

# Succeeds when a package, or something that stands in for it, is there.
is_installed() {
    case "$1" in
    nginx-light) command -v nginx || [ -x /usr/sbin/nginx ] ;;
    *) dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep --quiet '^installed$' ;;
    esac >/dev/null
}

missing=()
if command -v dpkg-query >/dev/null; then
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
elif [ "$(uname -s)" = Linux ]; then
    note "setup: this is no Debian system; these packages, or their like, are needed: ${packages[*]}"
fi

if [ "${#missing[@]}" -gt 0 ]; then
    note "setup: installing ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "not root and no sudo: install these by hand: ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update --quiet --quiet >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}" >&2 ||
        die "apt-get could not install: ${missing[*]}"
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or later is needed for the peer suites"

wanted=6.3
command -v swift >/dev/null ||
    die "swift is missing: install Swift $wanted or later from https://www.swift.org/install and put it on PATH"
found="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)"
[ "$(printf '%s\n' "$wanted" "$found" | sort --version-sort | head -n 1)" = "$wanted" ] ||
    die "Swift $wanted or later is needed; this is '$found'"
