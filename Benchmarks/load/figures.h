// Percentiles of what was measured.

#ifndef MARTLET_BENCH_FIGURES_H
#define MARTLET_BENCH_FIGURES_H

#include "../common/bench.h"

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/// The nearest-rank percentile of sorted nanoseconds, in microseconds.
static double percentile(const uint64_t *values, size_t count, double part) {
    if (!count) return 0;
    size_t rank = (size_t)(part * (double)count + 0.999999);
    return (double)values[(rank ? rank : 1) - 1] / 1000.0;
}

static void print_percentiles(const char *name, uint64_t *values, size_t count) {
    qsort(values, count, sizeof *values, by_value);
    printf("\"%sp50_us\":%.1f,\"%sp99_us\":%.1f,\"%smax_us\":%.1f,", name, percentile(values, count, 0.5), name,
           percentile(values, count, 0.99), name, percentile(values, count, 1));
}

#endif
