// Whether the mock upstream is well.
//
// After `GET /__sick/503` every request for an answer fails with that status, after `GET /__sick/drop` its connection
// is closed without a word; `GET /__well` heals.

#ifndef MARTLET_BENCH_HEALTH_H
#define MARTLET_BENCH_HEALTH_H

#include "../common/bench.h"

static enum { WELL, REFUSES, DROPS } health = WELL;

/// Changes the health if a request line says so.
static bool changes_health(const char *line) {
    if (!strncmp(line, "GET /__well ", 12)) health = WELL;
    else if (!strncmp(line, "GET /__sick/503 ", 16)) health = REFUSES;
    else if (!strncmp(line, "GET /__sick/drop ", 17)) health = DROPS;
    else return false;
    return true;
}

#endif
