// When the upstream saw the streams closed that the client closed.

#ifndef MARTLET_BENCH_CANCELS_H
#define MARTLET_BENCH_CANCELS_H

#include "../common/bench.h"
#include "figures.h"

/// Fetches the statistics of the mock upstream with one blocking request; the text belongs to the caller.
static char *fetch_stats(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char get[] = "GET /__stats HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    struct timeval limit = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)
        || send(fd, get, sizeof get - 1, MSG_NOSIGNAL) != (ssize_t)sizeof get - 1) {
        die("stats port %u: %s", port, strerror(errno));
    }
    size_t room = 8 << 20, length = 0;
    char *text = checked_calloc(1, room + 1);
    ssize_t n;
    while (length < room && (n = recv(fd, text + length, room - length, 0)) > 0) length += (size_t)n;
    close(fd);
    return text;
}

/// Joins our close times (by request, 0: none) with the upstream's; waits up to five seconds for
/// closes that have not been seen yet.
static void print_cancels(uint16_t stats_port, const uint64_t *closed_at, uint64_t requests) {
    uint64_t *delays = checked_calloc(requests, sizeof *delays);
    uint64_t wanted = 0, deadline = now_ns() + 5 * NANOS;
    size_t count = 0;
    for (uint64_t i = 0; i < requests; i++) wanted += closed_at[i] != 0;
    for (;;) {
        char *text = fetch_stats(stats_port);
        const char *p = strstr(text, "\"closes\":[");
        count = 0;
        for (p = p ? strchr(p, '[') + 1 : NULL; p && *p == '['; p += *p == ',') {
            char *end;
            unsigned long long id = strtoull(p + 1, &end, 10);
            if (*end != ',') break;
            unsigned long long at = strtoull(end + 1, &end, 10);
            if (*end != ']') break;
            p = end + 1;
            if (id < requests && closed_at[id] && count < requests) {
                // The upstream can be quicker than the return from close(2).
                delays[count++] = at > closed_at[id] ? at - closed_at[id] : 0;
            }
        }
        free(text);
        if (count >= wanted || now_ns() > deadline) break;
        usleep(20000);
    }
    printf(",");
    print_percentiles("cancel_", delays, count);
    unsigned long long missing = count < wanted ? wanted - count : 0;
    printf("\"cancels_seen\":%zu,\"cancels_missing\":%llu", count, missing);
    free(delays);
}

#endif
