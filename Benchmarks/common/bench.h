// What the load generator and the mock upstream share: clocks, bounded number parsing, HTTP/1.1 framing.
//
// Only what these two programs meet on loopback is read; it is a measuring tool, not a server for the open network.
// Even so every length is bounded, because a proxy under test may answer anything.

#ifndef MARTLET_BENCH_H
#define MARTLET_BENCH_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NANOS 1000000000ULL
#define MAX_HEAD (32 * 1024)
#define READ_SIZE (256 * 1024)

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NANOS + (uint64_t)t.tv_nsec;
}

/// User + system time of this process in microseconds.
static inline uint64_t own_cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

/// Reads a decimal number of an option, within bounds; anything else ends the program.
static inline uint64_t option_number(const char *name, const char *text, uint64_t low, uint64_t high) {
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || value < low || value > high) {
        die("%s: expected a number from %llu to %llu, got '%s'", name, (unsigned long long)low,
            (unsigned long long)high, text);
    }
    return value;
}

static inline void *checked_calloc(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) die("out of memory");
    return memory;
}

/// A whole file, of less than 64 MiB; the bytes belong to the caller.
static inline char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) die("%s: %s", path, strerror(errno));
    size_t room = 64 << 20;
    char *bytes = checked_calloc(1, room);
    *length = fread(bytes, 1, room, file);
    if (*length == room) die("%s: over 64 MiB", path);
    fclose(file);
    return bytes;
}

/// Sleeps in epoll with nanosecond resolution; `timeout` NULL waits for ever.
static inline int wait_events(int epoll, struct epoll_event *events, int max, const struct timespec *timeout) {
    int count = epoll_pwait2(epoll, events, max, timeout, NULL);
    if (count < 0 && errno != EINTR) die("epoll_pwait2: %s", strerror(errno));
    return count < 0 ? 0 : count;
}

// MARK: - HTTP/1.1 framing

struct framing {
    int64_t content_length;  // -1: absent
    bool chunked;
    bool close;
    bool expects_continue;
};

/// The length of the head that ends in `data`, its blank line included, or 0 when it is not there yet.
static inline size_t head_length(const char *data, size_t length) {
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    return end ? (size_t)(end - data) + 4 : 0;
}

/// Reads the header fields that decide about framing. `head` runs from the start line through the blank line.
static inline bool read_framing(const char *head, size_t length, struct framing *framing) {
    *framing = (struct framing){.content_length = -1};
    const char *end = head + length;
    const char *line = memchr(head, '\n', length);
    while (line && ++line < end && *line != '\r') {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (!next) return false;
        size_t n = (size_t)(next - line);
        if (n > 15 && !strncasecmp(line, "content-length:", 15)) {
            const char *p = line + 15;
            while (p < next && (*p == ' ' || *p == '\t')) p++;
            int64_t value = 0;
            if (p == next || *p < '0' || *p > '9') return false;
            for (; p < next && *p >= '0' && *p <= '9'; p++) {
                value = value * 10 + (*p - '0');
                if (value > (1LL << 40)) return false;
            }
            framing->content_length = value;
        } else if (n > 18 && !strncasecmp(line, "transfer-encoding:", 18)) {
            framing->chunked = memmem(line, n, "chunked", 7) != NULL;
        } else if (n > 11 && !strncasecmp(line, "connection:", 11)) {
            framing->close = memmem(line, n, "close", 5) != NULL;
        } else if (n > 7 && !strncasecmp(line, "expect:", 7)) {
            framing->expects_continue = true;
        }
        line = next;
    }
    return true;
}

enum chunk_state { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_AFTER_DATA, CHUNK_TRAILER, CHUNK_DONE, CHUNK_BAD };

struct chunked {
    enum chunk_state state;
    uint64_t left;      // bytes of the current chunk not yet seen
    unsigned digits;    // hex digits of the size seen
    unsigned trailer;   // bytes of the current trailer line
};

/// Hands out the next run of body bytes: sets `*data` and returns its length; 0 when the input is used up, or the body
/// is at its end (`CHUNK_DONE`) or broken (`CHUNK_BAD`). `*p` moves over what was read.
static inline size_t next_chunk_data(struct chunked *c, const char **p, const char *end, const char **data) {
    while (*p < end) {
        char byte = **p;
        switch (c->state) {
        case CHUNK_SIZE: {
            int digit = byte >= '0' && byte <= '9' ? byte - '0'
                : byte >= 'a' && byte <= 'f'       ? byte - 'a' + 10
                : byte >= 'A' && byte <= 'F'       ? byte - 'A' + 10
                                                   : -1;
            if (digit >= 0) {
                if (++c->digits > 12) c->state = CHUNK_BAD;
                c->left = c->left * 16 + (uint64_t)digit;
            } else if (c->digits == 0) {
                c->state = CHUNK_BAD;
            } else {
                c->state = CHUNK_EXTENSION;
                break;  // look at the same byte again
            }
            if (c->state == CHUNK_BAD) return 0;
            ++*p;
            break;
        }
        case CHUNK_EXTENSION:
            ++*p;
            if (byte == '\n') {
                c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER;
                c->digits = 0;
                c->trailer = 0;
            }
            break;
        case CHUNK_DATA: {
            uint64_t run = (uint64_t)(end - *p);
            if (run > c->left) run = c->left;
            *data = *p;
            *p += run;
            c->left -= run;
            if (c->left == 0) c->state = CHUNK_AFTER_DATA;
            return (size_t)run;
        }
        case CHUNK_AFTER_DATA:
            ++*p;
            if (byte == '\n') c->state = CHUNK_SIZE;
            else if (byte != '\r') { c->state = CHUNK_BAD; return 0; }
            break;
        case CHUNK_TRAILER:
            ++*p;
            if (byte == '\n') {
                if (c->trailer == 0) { c->state = CHUNK_DONE; return 0; }
                c->trailer = 0;
            } else if (byte != '\r') {
                c->trailer++;
            }
            break;
        case CHUNK_DONE:
        case CHUNK_BAD:
            return 0;
        }
    }
    return 0;
}

#endif
