#!/usr/bin/env bash
# Builds llama-server once into the cache and prints the path of the binary.
#
# The source comes from the PyPI package llama-cpp-python, which carries the whole llama.cpp tree; cmake and ninja come
# from PyPI too. A second run waits for a first one that is still building. An interrupted build is continued.
#
#   MARTLET_LLAMA_JOBS   compile jobs, default: the number of cores
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib.sh

version=0.3.36
sdist_sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
cmake_version=4.4.4
ninja_version=1.13.2
jobs="${MARTLET_LLAMA_JOBS:-$(getconf _NPROCESSORS_ONLN)}"

home="$MARTLET_CACHE/llama-server-$version"
binary="$home/bin/llama-server"
work="$MARTLET_CACHE/llama-server-$version.partial"
log="$MARTLET_CACHE/llama-server-$version.log"

build() {
    set -e
    mkdir -p "$work"
    cd "$work"
    if [ ! -x venv/bin/ninja ]; then
        rm -rf venv
        python3 -m venv venv
        venv/bin/pip install --quiet --disable-pip-version-check "cmake==$cmake_version" "ninja==$ninja_version"
    fi
    export PATH="$work/venv/bin:$PATH"

    local archive="llama_cpp_python-$version.tar.gz"
    if [ ! -f unpacked ]; then
        rm -rf "llama_cpp_python-$version"
        venv/bin/pip download --quiet --disable-pip-version-check --no-deps \
            --no-binary llama-cpp-python "llama-cpp-python==$version"
        echo "$sdist_sha256  $archive" | sha256sum --check --quiet
        tar xzf "$archive"
        rm "$archive"
        touch unpacked
    fi

    # No web UI, no TLS, no tuning to this machine's processor: a small portable server for tests.
    cmake -S "llama_cpp_python-$version/vendor/llama.cpp" -B build -G Ninja \
        -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
        -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON \
        -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
        -DLLAMA_OPENSSL=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF
    cmake --build build --target llama-server -j "$jobs"

    mkdir -p out/bin
    strip -o out/bin/llama-server build/bin/llama-server
    out/bin/llama-server --version
}

if [ ! -x "$binary" ]; then
    take_lock "$MARTLET_CACHE/llama-server-$version.lock"
fi
if [ ! -x "$binary" ]; then
    note "building llama-server $version once (5 to 20 minutes); log: $log"
    started=$SECONDS
    # Not `build || …`: a command on the left of || would run without `set -e`.
    set +e
    (build) >"$log" 2>&1
    status=$?
    set -e
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$log" >&2
        die "the build failed with exit code $status; the whole log is $log"
    fi
    # The rename is what makes the binary exist: nobody sees half a build.
    mv -T "$work/out" "$home"
    rm -rf "$work"
    note "llama-server $version built in $((SECONDS - started)) s"
fi
printf '%s\n' "$binary"
