// A load generator for the benchmarks: one thread, epoll, keep-alive HTTP/1.1, 127.0.0.1 only.
//
//     load MODE --port N --body FILE [--header 'Name: value']… [options]
//
//     json          N connections, each sends its next request when its answer is complete, R requests in all
//     burst         the same for streams: server-sent events are counted to the end of the body
//     rate          open loop: --rate requests a second for R requests; a latency starts when the request was due, not
//                   when a connection was free for it, so that a stall is not hidden by the requests it delayed
//     paced         opens N streams and holds them; counts events and the gaps between reads for --seconds
//     idle-streams  opens N streams, prints {"mark":"open"}, holds them until standard input ends or --seconds pass
//     cancel        R streams, N at a time, each closed after its first event; asks the mock upstream (--stats-port)
//                   when it saw them closed. Both read CLOCK_MONOTONIC, so the difference is the time a cancel takes
//
// Prints one JSON line, early after 200 failures or as many as `--max-failures` says. `--watch-pid` (repeatable) adds the
// CPU time these processes used in the measured window.

#define _GNU_SOURCE
#include "../common/bench.h"
#include "cancels.h"
#include "figures.h"
#include "response.h"
#include <poll.h>

enum mode { JSON, BURST, RATE, PACED, IDLE_STREAMS, CANCEL };
enum phase { CLOSED, CONNECTING, IDLE, BUSY };

struct connection {
    int fd;
    enum phase phase;
    bool wants_write;
    bool had_event;        // paced, idle-streams: the stream is open
    size_t written;
    uint64_t started;      // when the request was sent, or due (rate)
    uint64_t last_event;
    int64_t id;            // cancel: number of the request
    char *own_request;     // cancel: a copy with its id
    struct response response;
};

static struct {
    enum mode mode;
    const char *mode_name;
    uint16_t port, stats_port;
    uint32_t connections, opening;
    uint64_t requests, rate, timeout_s, max_failures;
    double seconds;
} options = {
    .connections = 1, .opening = 32, .requests = 1, .rate = 100, .timeout_s = 120, .max_failures = 200, .seconds = 5};

static struct {
    uint64_t issued, completed, errors, non_200, events, body_bytes, reconnects, ended_early;
    bool timed_out, shown_failure;
} totals;

static int epoll;
static char read_buffer[READ_SIZE];
static char *request;
static size_t request_length, id_offset;
static struct connection *connections;
static uint64_t *samples, *gaps;
static size_t sample_count, sample_room, gap_count, gap_room;
static uint32_t *idle_stack, idle_count, open_count, opening_count;
static pid_t watched[64];
static size_t watched_count;
static bool window_open, finished;
static uint64_t window_start, window_end, window_cpu, window_watched, window_events;
static uint64_t *closed_at;

static bool streams(void) { return options.mode != JSON && options.mode != RATE; }
static bool holds(void) { return options.mode == PACED || options.mode == IDLE_STREAMS; }

// MARK: - Figures

/// The CPU time of the watched processes. A process' CPU clock is read by its pid (clock_getcpuclockid(3)); it is user
/// plus system time of all its threads, as in /proc/PID/stat, but in nanoseconds.
static uint64_t watched_cpu_ns(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < watched_count; i++) {
        clockid_t clock;
        struct timespec t;
        if (clock_getcpuclockid(watched[i], &clock) || clock_gettime(clock, &t)) continue;
        sum += (uint64_t)t.tv_sec * NANOS + (uint64_t)t.tv_nsec;
    }
    return sum;
}

static void begin_window(void) {
    window_open = true;
    window_events = totals.events;
    window_cpu = own_cpu_us();
    window_watched = watched_cpu_ns();
    window_start = now_ns();
}

static void end_window(void) {
    window_end = now_ns();
    window_watched = watched_cpu_ns() - window_watched;
    window_cpu = own_cpu_us() - window_cpu;
    window_events = totals.events - window_events;
    window_open = false;
}

static void print_result(void) {
    printf("{\"mode\":\"%s\",\"requests\":%llu,\"errors\":%llu,\"non_200\":%llu,\"events\":%llu,\"body_bytes\":%llu,"
           "\"reconnects\":%llu,\"ended_early\":%llu,\"timed_out\":%s,",
           options.mode_name, (unsigned long long)totals.completed, (unsigned long long)totals.errors,
           (unsigned long long)totals.non_200, (unsigned long long)totals.events,
           (unsigned long long)totals.body_bytes, (unsigned long long)totals.reconnects,
           (unsigned long long)totals.ended_early, totals.timed_out ? "true" : "false");
    print_percentiles("", samples, sample_count);
    if (options.mode == PACED) print_percentiles("gap_", gaps, gap_count);
    printf("\"window_events\":%llu,\"watched_cpu_us\":%.1f,\"wall_s\":%.6f,\"cpu_us\":%llu",
           (unsigned long long)window_events, (double)window_watched / 1000.0,
           (double)(window_end - window_start) / (double)NANOS, (unsigned long long)window_cpu);
}

static void add_sample(uint64_t value) {
    if (sample_count < sample_room) samples[sample_count++] = value;
}

// MARK: - Connections

static void watch(struct connection *c, int operation) {
    struct epoll_event event = {.events = EPOLLIN | (c->wants_write ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(epoll, operation, c->fd, &event)) die("epoll_ctl: %s", strerror(errno));
}

static void set_wants_write(struct connection *c, bool wants) {
    if (c->wants_write == wants) return;
    c->wants_write = wants;
    watch(c, EPOLL_CTL_MOD);
}

static void start(struct connection *c, uint64_t when);

static void close_connection(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->phase = CLOSED;
}

static void connect_to(struct connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket: %s", strerror(errno));
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
        die("connect to 127.0.0.1:%u: %s", options.port, strerror(errno));
    }
    c->phase = CONNECTING;
    c->wants_write = true;
    watch(c, EPOLL_CTL_ADD);
}

/// The next piece of work for a connection that has none; nothing when all requests are out.
static void next_request(struct connection *c) {
    if (options.mode == RATE) {
        // A closed connection leaves the pool and is opened again when it is next needed.
        idle_stack[idle_count++] = (uint32_t)(c - connections);
        return;
    }
    if (holds() || totals.issued == options.requests) return;
    start(c, now_ns());
}

static void failed(struct connection *c, const char *what) {
    if (++totals.errors == 1) {
        fprintf(stderr, "load: request %lld of %llu: %s\n", (long long)c->id, (unsigned long long)options.requests,
                what);
    }
    if (c->had_event && holds()) {
        open_count--;
    } else if (holds()) {
        opening_count--;
    }
    c->had_event = false;
    bool had_request = c->phase != IDLE;
    close_connection(c);
    bool all_done = totals.completed + totals.errors >= options.requests && !holds();
    if (totals.errors >= options.max_failures || all_done) finished = true;
    else if (had_request) next_request(c);
}

static void write_request(struct connection *c) {
    const char *bytes = c->own_request ? c->own_request : request;
    while (c->written < request_length) {
        ssize_t n = send(c->fd, bytes + c->written, request_length - c->written, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) { set_wants_write(c, true); return; }
            // The peer may have answered and closed before it read all: its answer is read first.
            c->written = request_length;
            break;
        }
        c->written += (size_t)n;
    }
    set_wants_write(c, false);
}

static void start(struct connection *c, uint64_t when) {
    c->id = (int64_t)totals.issued++;
    c->started = when;
    c->written = 0;
    c->had_event = false;
    response_begin(&c->response);
    if (options.mode == CANCEL) {
        if (!c->own_request) {
            c->own_request = checked_calloc(1, request_length);
            memcpy(c->own_request, request, request_length);
        }
        char digits[24];
        snprintf(digits, sizeof digits, "%08lld", (long long)(c->id % 100000000));
        memcpy(c->own_request + id_offset, digits, 8);
    }
    if (c->phase == CLOSED) {
        connect_to(c);
    } else {
        c->phase = BUSY;
        write_request(c);
    }
}

static void show_refusal(const struct response *response, const struct arrived *arrived) {
    if (totals.shown_failure) return;
    totals.shown_failure = true;
    int length = arrived->first_length > 400 ? 400 : (int)arrived->first_length;
    fprintf(stderr, "load: first answer that is not 200: %d %.*s\n", response->status, length,
            length ? arrived->first_body : "");
}

static void complete(struct connection *c, uint64_t now, const struct arrived *arrived) {
    totals.completed++;
    if (c->response.status != 200) {
        totals.non_200++;
        show_refusal(&c->response, arrived);
        if (totals.non_200 >= options.max_failures) finished = true;
    }
    add_sample(now - c->started);
    c->phase = IDLE;
    if (holds()) {
        // A held stream must not end by itself.
        totals.ended_early++;
        if (c->had_event) open_count--;
        else opening_count--;
        c->had_event = false;
    }
    if (c->response.framing.close || c->response.kind == BODY_TO_CLOSE) {
        totals.reconnects++;
        close_connection(c);
    }
    if (totals.completed + totals.errors >= options.requests && !holds()) finished = true;
    else next_request(c);
}

static void events_arrived(struct connection *c, uint64_t now) {
    bool first = !c->had_event;
    c->had_event = true;
    if (options.mode == CANCEL && first) {
        add_sample(now - c->started);
        totals.completed++;
        closed_at[c->id] = now_ns();
        close_connection(c);
        if (totals.completed + totals.errors >= options.requests) finished = true;
        else next_request(c);
    } else if (holds()) {
        if (first) {
            add_sample(now - c->started);
            open_count++;
            opening_count--;
        } else if (window_open && options.mode == PACED && gap_count < gap_room) {
            gaps[gap_count++] = now - c->last_event;
        }
        c->last_event = now;
    }
}

static void readable(struct connection *c) {
    ssize_t n = recv(c->fd, read_buffer, sizeof read_buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    uint64_t now = now_ns();
    if (n <= 0) {
        if (c->phase == IDLE) {
            totals.reconnects++;
            close_connection(c);
        } else if (n == 0 && c->response.in_body && c->response.kind == BODY_TO_CLOSE) {
            complete(c, now, &(struct arrived){0});
        } else {
            failed(c, n < 0 ? strerror(errno) : "closed before the answer was complete");
        }
        return;
    }
    if (c->phase != BUSY) { failed(c, "bytes nobody asked for"); return; }
    struct arrived arrived = {0};
    enum progress progress = response_take(&c->response, read_buffer, (size_t)n, streams(), &arrived);
    totals.events += arrived.events;
    totals.body_bytes += arrived.body_bytes;
    if (progress == BROKEN) { failed(c, "broken HTTP"); return; }
    if (arrived.events && c->response.status == 200) {
        events_arrived(c, now);
        if (options.mode == CANCEL || finished) return;  // this connection already stands for the next request
    }
    if (progress == COMPLETE) complete(c, now, &arrived);
}

static void writable(struct connection *c) {
    if (c->phase == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) { failed(c, strerror(error)); return; }
        if (options.mode == RATE && !window_open) {
            c->phase = IDLE;
            set_wants_write(c, false);
            idle_stack[idle_count++] = (uint32_t)(c - connections);
            return;
        }
        c->phase = BUSY;
    }
    if (c->phase == BUSY) write_request(c);
    else set_wants_write(c, false);
}

// MARK: - The loop

static void wait_once(uint64_t until) {
    struct epoll_event events[256];
    uint64_t now = now_ns(), wait = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / NANOS), .tv_nsec = (long)(wait % NANOS)};
    int count = wait_events(epoll, events, 256, &timeout);
    for (int i = 0; i < count && !finished; i++) {
        struct connection *c = events[i].data.ptr;
        // A connection that was replaced within this batch has nothing to read yet: its read says EAGAIN.
        if (c->fd < 0) continue;
        if (c->phase != CONNECTING && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
        if (c->fd >= 0 && !finished && events[i].events & (EPOLLOUT | EPOLLERR)) writable(c);
    }
}

static bool past(uint64_t deadline) {
    if (now_ns() < deadline) return false;
    totals.timed_out = true;
    return true;
}

static void run_closed_loop(uint64_t deadline) {
    begin_window();
    for (uint32_t i = 0; i < options.connections && totals.issued < options.requests; i++) {
        start(&connections[i], now_ns());
    }
    while (!finished && !past(deadline)) wait_once(deadline);
    end_window();
}

static void run_rate(uint64_t deadline) {
    for (uint32_t i = 0; i < options.connections; i++) connect_to(&connections[i]);
    while (idle_count < options.connections && !finished) {
        if (past(deadline)) return;
        wait_once(deadline);
    }
    begin_window();
    uint64_t step = NANOS / options.rate, first = now_ns() + step;
    while (!finished && !past(deadline)) {
        while (totals.issued < options.requests && idle_count) {
            uint64_t due = first + totals.issued * step;
            if (due > now_ns()) break;
            start(&connections[idle_stack[--idle_count]], due);
        }
        // With no connection free the next one that is done wakes us; due times do not move.
        uint64_t due = first + totals.issued * step;
        wait_once(totals.issued < options.requests && idle_count ? due : deadline);
    }
    end_window();
}

/// Opens the streams, at most `opening` at a time without their first event.
static bool open_streams(uint64_t deadline) {
    uint32_t next = 0;
    while (open_count < options.connections && !finished) {
        while (next < options.connections && opening_count < options.opening) {
            opening_count++;
            start(&connections[next++], now_ns());
        }
        if (past(deadline)) return false;
        wait_once(now_ns() + NANOS / 10);
        if (totals.errors || totals.ended_early) return false;
    }
    return !finished;
}

static void run_held(uint64_t deadline) {
    bool open = open_streams(deadline);
    begin_window();
    uint64_t end = window_start + (uint64_t)(options.seconds * (double)NANOS);
    if (end > deadline) end = deadline;
    if (options.mode == IDLE_STREAMS) {
        printf("{\"mark\":\"%s\",\"open\":%u}\n", open ? "open" : "failed", open_count);
        fflush(stdout);
    }
    while (open && !finished && now_ns() < end) {
        if (options.mode == IDLE_STREAMS) {
            struct pollfd input = {.fd = 0, .events = POLLIN};
            char byte;
            if (poll(&input, 1, 0) > 0 && read(0, &byte, 1) <= 0) break;
            uint64_t soon = now_ns() + NANOS / 50;
            wait_once(soon < end ? soon : end);
        } else {
            wait_once(end);
        }
    }
    end_window();
    totals.completed = open_count;
    for (uint32_t i = 0; i < options.connections; i++) close_connection(&connections[i]);
}

// MARK: - Start

static void make_request(const char *body_path, const char *path, char **headers, size_t header_count) {
    size_t body_length = 0, room = 8192;
    char *body = read_file(body_path, &body_length);
    for (size_t i = 0; i < header_count; i++) room += strlen(headers[i]) + 2;
    request = checked_calloc(1, room + body_length);
    int n = snprintf(request, 4096,
                     "POST %.1000s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
                     "Accept: application/json\r\nUser-Agent: martlet-bench\r\nContent-Length: %zu\r\n",
                     path, options.port, body_length);
    size_t length = (size_t)n;
    for (size_t i = 0; i < header_count; i++) {
        length += (size_t)snprintf(request + length, room - length, "%s\r\n", headers[i]);
    }
    length += (size_t)snprintf(request + length, room - length, "\r\n");
    memcpy(request + length, body, body_length);
    request_length = length + body_length;
    free(body);
    if (options.mode == CANCEL) {
        const char *id = memmem(request, request_length, "bench-00000000", 14);
        if (!id) die("cancel: the body needs \"user\":\"bench-00000000\"");
        id_offset = (size_t)(id - request) + 6;
    }
}

int main(int argc, char **argv) {
    static const char *const names[] = {"json", "burst", "rate", "paced", "idle-streams", "cancel"};
    const char *body = NULL, *path = "/v1/chat/completions";
    char *headers[32];
    size_t header_count = 0;
    int mode = -1;
    for (int i = 0; argc > 1 && i < 6; i++) {
        if (!strcmp(argv[1], names[i])) mode = i;
    }
    if (mode < 0 || argc % 2) {
        die("usage: load json|burst|rate|paced|idle-streams|cancel --port N --body FILE [options]");
    }
    options.mode = (enum mode)mode;
    options.mode_name = names[mode];
    for (int i = 2; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--port")) options.port = (uint16_t)option_number(name, value, 1, 65535);
        else if (!strcmp(name, "--stats-port")) options.stats_port = (uint16_t)option_number(name, value, 1, 65535);
        else if (!strcmp(name, "--connections")) options.connections = (uint32_t)option_number(name, value, 1, 16384);
        else if (!strcmp(name, "--opening")) options.opening = (uint32_t)option_number(name, value, 1, 16384);
        else if (!strcmp(name, "--requests")) options.requests = option_number(name, value, 1, 10000000);
        else if (!strcmp(name, "--rate")) options.rate = option_number(name, value, 1, 1000000);
        else if (!strcmp(name, "--max-failures")) options.max_failures = option_number(name, value, 1, 10000000);
        else if (!strcmp(name, "--timeout")) options.timeout_s = option_number(name, value, 1, 3600);
        else if (!strcmp(name, "--seconds")) options.seconds = (double)option_number(name, value, 1, 3600);
        else if (!strcmp(name, "--watch-pid") && watched_count < 64)
            watched[watched_count++] = (pid_t)option_number(name, value, 1, 1 << 30);
        else if (!strcmp(name, "--body")) body = value;
        else if (!strcmp(name, "--path")) path = value;
        else if (!strcmp(name, "--header") && header_count < 32) headers[header_count++] = argv[i + 1];
        else die("unknown option %s, or too many of it", name);
    }
    if (!options.port || !body) die("--port and --body are needed");
    if (options.mode == CANCEL && !options.stats_port) die("cancel needs --stats-port");
    if (holds()) options.requests = options.connections;
    make_request(body, path, headers, header_count);

    prctl(PR_SET_TIMERSLACK, 1UL);
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    connections = checked_calloc(options.connections, sizeof *connections);
    idle_stack = checked_calloc(options.connections, sizeof *idle_stack);
    for (uint32_t i = 0; i < options.connections; i++) connections[i].fd = -1;
    sample_room = options.requests;
    samples = checked_calloc(sample_room, sizeof *samples);
    closed_at = checked_calloc(options.requests, sizeof *closed_at);
    gap_room = options.mode == PACED ? 4 << 20 : 1;
    gaps = checked_calloc(gap_room, sizeof *gaps);

    uint64_t deadline = now_ns() + options.timeout_s * NANOS;
    if (options.mode == RATE) run_rate(deadline);
    else if (holds()) run_held(deadline);
    else run_closed_loop(deadline);
    print_result();
    if (options.mode == CANCEL) print_cancels(options.stats_port, closed_at, options.requests);
    printf("}\n");
    return 0;
}
