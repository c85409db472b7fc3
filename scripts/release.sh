#!/usr/bin/env bash
# Builds products in release, as they are shipped: with Swift's own libraries linked in, which makes every call into them
# cheaper, starts faster and needs no Swift on the machine that runs it. Arguments are the products.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

linking=()
# Apple's systems bring these libraries along.
if [[ "$(uname)" == Linux ]]; then linking=(--static-swift-stdlib); fi
for product in "$@"; do
    swift build -c release --product "$product" "${linking[@]}"
done
