# Shared by the scripts beside it; sourced, never run.
# shellcheck shell=bash
# Everything that is fetched or built once lives under one cache folder, outside the repository.

# shellcheck disable=SC2034  # read by the scripts that source this file
MARTLET_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/martlet"

# Prints a note where it cannot be mistaken for a result.
note() {
    printf '%s\n' "$*" >&2
}

# Prints a message and ends the script.
die() {
    note "$(basename "$0"): $*"
    exit 1
}

# Opens a lock file on descriptor 9 and waits until it is ours. Child processes inherit the descriptor, so the lock
# also outlives a killed script for as long as its compiler still writes into the cache.
take_lock() {
    mkdir -p "$(dirname "$1")"
    exec 9>"$1"
    flock 9
}
