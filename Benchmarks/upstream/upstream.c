// A mock OpenAI upstream for the benchmarks: one thread, epoll, 127.0.0.1 only.
//
// What an answer looks like is decided by the `model` member of the request, by the part after its first '-':
//
//     x-json              one JSON answer of about 700 bytes, with usage
//     x-burst[-N]         N server-sent events at once, each in an HTTP chunk of its own, in as few writes as the
//                         socket takes
//     x-claude-json, x-bedrock-json   one JSON answer in Anthropic's and in Converse's format, with usage
//     x-claude[-N]        a stream in Anthropic's format with N deltas
//     x-bedrock[-N]       a stream of Bedrock's Converse with N deltas; the model stands in the path
//     x-burstnull[-N]     the same with `"usage":null` in each event, as api.openai.com writes them
//     x-paced[-MS[-N]]    N events, one each MS milliseconds a stream, the streams spread evenly over the interval
//     x-hold              two events, then silence until the other side closes
//
// The first event of a stream carries the role and is followed by content. A stream that ends adds three events: the
// finish reason, the usage with `choices: []`, and `[DONE]`.
//
// `GET /v1/models` lists models. `GET /__stats` answers the counters and, for requests whose `user` member is
// "bench-<8 digits>", when their stream was seen closed (CLOCK_MONOTONIC, nanoseconds). `GET /__reset` clears both.
// How it is made to fail stands in health.h.

#define _GNU_SOURCE
#include "../common/bench.h"
#include "health.h"
#include "texts.h"
#include "timers.h"

#define PREFIX 2048
#define TAIL 4096
#define MAX_CLOSES 65536

enum state { READ_HEAD, READ_BODY, ANSWERING, STREAMING };

struct connection {
    struct timer timer;   // first, so that a timer is its connection
    int fd;
    enum state state;
    bool counted;         // an open stream
    bool wants_write;     // EPOLLOUT is asked for
    bool close_after;
    size_t head_length;
    char *head;           // an unfinished head, MAX_HEAD bytes, allocated when first needed
    struct framing framing;
    struct chunked chunked;
    int64_t body_left;
    char prefix[PREFIX];  // the first and the last bytes of the body: the short members stand in one of them
    char tail[TAIL];
    size_t prefix_length, tail_length;
    int64_t close_id;     // -1: none
    const char *out;      // not yet written; points into a text that outlives the answer
    size_t out_left;
    char *owned;          // freed when `out` is written
    // Paced streams.
    uint64_t interval;
    unsigned events_left, pending;
    bool finish_sent;
    struct connection *next_dead;
};

static struct {
    uint64_t requests, bad_requests, body_bytes, events, streams, early_closes, accepted;
    int64_t open_streams;
} stats;
static struct { int64_t id; uint64_t at; } closes[MAX_CLOSES];
static size_t close_count;

static int epoll;
static char read_buffer[READ_SIZE];
static struct connection *dead;
static unsigned default_events = 1000, default_paced_events = 1000, default_interval_ms = 75;
static uint64_t paced_started;

// MARK: - Connections

static void watch(struct connection *c, int operation) {
    struct epoll_event event = {.events = EPOLLIN | (c->wants_write ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(epoll, operation, c->fd, &event)) die("epoll_ctl: %s", strerror(errno));
}

static void end_stream(struct connection *c) {
    if (c->counted) stats.open_streams--;
    c->counted = false;
}

/// Closes; the memory is given back after the current batch of events, which may still name it.
static void drop(struct connection *c) {
    if (c->fd < 0) return;
    if (c->counted) {
        stats.early_closes++;
        if (c->close_id >= 0 && close_count < MAX_CLOSES) {
            closes[close_count].id = c->close_id;
            closes[close_count++].at = now_ns();
        }
    }
    end_stream(c);
    timer_remove(&c->timer);
    close(c->fd);
    c->fd = -1;
    c->next_dead = dead;
    dead = c;
}

static void bury(void) {
    while (dead) {
        struct connection *c = dead;
        dead = c->next_dead;
        free(c->head);
        free(c->owned);
        free(c);
    }
}

static void answer_done(struct connection *c) {
    free(c->owned);
    c->owned = NULL;
    c->state = READ_HEAD;
    end_stream(c);
    if (c->close_after) drop(c);
}

/// Queues a text that outlives the answer. Only one is in flight at a time.
static void set_out(struct connection *c, const struct text *text) {
    c->out = text->bytes;
    c->out_left = text->length;
}

/// Writes what the socket takes. A paced stream goes on with the events that fell due in the meantime.
static void write_out(struct connection *c) {
    for (;;) {
        while (c->out_left) {
            ssize_t n = send(c->fd, c->out, c->out_left, MSG_NOSIGNAL);
            if (n < 0) {
                if (errno == EINTR) continue;
                if (errno != EAGAIN) { drop(c); return; }
                if (!c->wants_write) { c->wants_write = true; watch(c, EPOLL_CTL_MOD); }
                return;
            }
            c->out += n;
            c->out_left -= (size_t)n;
        }
        if (c->state != STREAMING) break;
        if (c->pending) {
            c->pending--;
            c->events_left--;
            stats.events++;
            set_out(c, &paced_event);
        } else if (c->interval && !c->events_left && !c->finish_sent) {
            c->finish_sent = true;
            stats.events += 3;
            set_out(c, &paced_end);
        } else {
            break;
        }
    }
    if (c->wants_write) { c->wants_write = false; watch(c, EPOLL_CTL_MOD); }
    if (c->state == ANSWERING || c->finish_sent) answer_done(c);
}

static void answer_owned(struct connection *c, const char *status, const char *type, struct text body) {
    struct text text = {0};
    char head[256];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, type,
             body.length);
    append_string(&text, head);
    append(&text, body.bytes ? body.bytes : "", body.length);
    free(body.bytes);
    c->owned = text.bytes;
    c->state = ANSWERING;
    set_out(c, &text);
    write_out(c);
}

static void refuse(struct connection *c, const char *status, const char *message) {
    stats.bad_requests++;
    struct text body = {0};
    append_string(&body, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"");
    append_string(&body, message);
    append_string(&body, "\"}}");
    answer_owned(c, status, "application/json", body);
}

static void answer_stats(struct connection *c) {
    struct text body = {0};
    char line[512];
    snprintf(line, sizeof line,
             "{\"requests\":%llu,\"bad_requests\":%llu,\"body_bytes\":%llu,\"events\":%llu,\"streams\":%llu,"
             "\"open_streams\":%lld,\"early_closes\":%llu,\"accepted\":%llu,\"cpu_us\":%llu,\"closes\":[",
             (unsigned long long)stats.requests, (unsigned long long)stats.bad_requests,
             (unsigned long long)stats.body_bytes, (unsigned long long)stats.events, (unsigned long long)stats.streams,
             (long long)stats.open_streams, (unsigned long long)stats.early_closes, (unsigned long long)stats.accepted,
             (unsigned long long)own_cpu_us());
    append_string(&body, line);
    for (size_t i = 0; i < close_count; i++) {
        snprintf(line, sizeof line, "%s[%lld,%llu]", i ? "," : "", (long long)closes[i].id,
                 (unsigned long long)closes[i].at);
        append_string(&body, line);
    }
    append_string(&body, "]}");
    answer_owned(c, "200 OK", "application/json", body);
}

// MARK: - Requests

/// Copies the string value of a short member out of the kept parts of the body.
static bool find_member(const struct connection *c, const char *name, char *value, size_t room) {
    const struct { const char *bytes; size_t length; } parts[] = {
        {c->tail, c->tail_length}, {c->prefix, c->prefix_length}};
    for (int part = 0; part < 2; part++) {
        const char *p = parts[part].bytes, *end = p + parts[part].length;
        // The same text may stand in the body as a value ("role":"user"): only with a colon it is the member.
        while ((p = memmem(p, (size_t)(end - p), name, strlen(name)))) {
            p += strlen(name);
            while (p < end && *p == ' ') p++;
            if (p == end || *p++ != ':') continue;
            while (p < end && *p == ' ') p++;
            if (p == end || *p++ != '"') continue;
            const char *quote = memchr(p, '"', (size_t)(end - p));
            if (!quote || (size_t)(quote - p) >= room) continue;
            memcpy(value, p, (size_t)(quote - p));
            value[quote - p] = 0;
            return true;
        }
    }
    return false;
}

static void start_stream(struct connection *c) {
    stats.streams++;
    stats.open_streams++;
    c->counted = true;
}

static void answer_chat(struct connection *c, const char *line) {
    char model[128], user[64];
    stats.requests++;
    if (health == DROPS) { drop(c); return; }
    if (health == REFUSES) { refuse(c, "503 Service Unavailable", "out of order"); return; }
    if (!find_in_path(line, model, sizeof model) && !find_member(c, "\"model\"", model, sizeof model)) {
        refuse(c, "400 Bad Request", "no model member found");
        return;
    }
    c->close_id = -1;
    if (find_member(c, "\"user\"", user, sizeof user) && !strncmp(user, "bench-", 6)) c->close_id = atoll(user + 6);
    char *kind = strchr(model, '-');
    kind = kind ? kind + 1 : model;
    if (!strcmp(kind, "json")) {
        c->state = ANSWERING;
        set_out(c, &json_answer);
    } else if (!strncmp(kind, "burst", 5)) {
        bool nulls = !strncmp(kind + 5, "null", 4);
        char *p = kind + (nulls ? 9 : 5);
        unsigned events = number_in_name(&p, default_events, 100000);
        c->state = ANSWERING;
        stats.events += events + 3;
        start_stream(c);
        set_out(c, burst_text(events, nulls));
    } else if (!strcmp(kind, "claude-json")) {
        c->state = ANSWERING;
        set_out(c, &claude_answer);
    } else if (!strcmp(kind, "bedrock-json")) {
        c->state = ANSWERING;
        set_out(c, &bedrock_answer);
    } else if (!strncmp(kind, "claude", 6)) {
        char *p = kind + 6;
        unsigned events = number_in_name(&p, default_events, 100000);
        c->state = ANSWERING;
        stats.events += events + 5;
        start_stream(c);
        set_out(c, claude_text(events));
    } else if (!strncmp(kind, "bedrock", 7)) {
        char *p = kind + 7;
        unsigned events = number_in_name(&p, default_events, 100000);
        c->state = ANSWERING;
        stats.events += events + 4;
        start_stream(c);
        set_out(c, bedrock_text(events));
    } else if (!strncmp(kind, "paced", 5) || !strcmp(kind, "hold")) {
        c->state = STREAMING;
        c->interval = 0;
        c->pending = 0;
        c->finish_sent = false;
        start_stream(c);
        stats.events += 2;
        set_out(c, &paced_start);
        if (kind[0] == 'p') {
            char *p = kind + 5;
            c->interval = number_in_name(&p, default_interval_ms, 60000) * 1000000ULL;
            c->events_left = number_in_name(&p, default_paced_events, 1000000);
            // Golden-ratio steps spread any number of streams evenly over the interval.
            uint64_t phase = (++paced_started * 0x9E3779B97F4A7C15ULL >> 32) * c->interval >> 32;
            c->timer.due = now_ns() + phase + 1;
            timer_add(&c->timer);
        }
    } else {
        refuse(c, "404 Not Found", "unknown kind of model");
        return;
    }
    write_out(c);
}

static void request_complete(struct connection *c) {
    char line[128] = "";
    size_t n = c->head_length < sizeof line - 1 ? c->head_length : sizeof line - 1;
    memcpy(line, c->head, n);
    c->head_length = 0;
    if (!strncmp(line, "POST /v1/chat/completions ", 26) || !strncmp(line, "POST /v1/messages ", 18) ||
        !strncmp(line, "POST /model/", 12)) {
        answer_chat(c, line);
    } else if (!strncmp(line, "GET /v1/models ", 15)) {
        struct text body = {0};
        append_string(&body, "{\"object\":\"list\",\"data\":[");
        static const char *const names[] = {"bench-json", "bench-burst", "bench-paced", "bench-hold"};
        for (int i = 0; i < 4; i++) {
            append_string(&body, i ? ",{\"id\":\"" : "{\"id\":\"");
            append_string(&body, names[i]);
            append_string(&body, "\",\"object\":\"model\",\"created\":1750000000,\"owned_by\":\"bench\"}");
        }
        append_string(&body, "]}");
        answer_owned(c, "200 OK", "application/json", body);
    } else if (!strncmp(line, "GET /__stats ", 13)) {
        answer_stats(c);
    } else if (changes_health(line)) {
        answer_owned(c, "200 OK", "application/json", (struct text){.bytes = strdup("{}"), .length = 2});
    } else if (!strncmp(line, "GET /__reset ", 13)) {
        int64_t open = stats.open_streams;
        memset(&stats, 0, sizeof stats);
        stats.open_streams = open;
        close_count = 0;
        answer_owned(c, "200 OK", "application/json", (struct text){.bytes = strdup("{}"), .length = 2});
    } else {
        refuse(c, "404 Not Found", "unknown path");
    }
}

static void keep_body(struct connection *c, const char *data, size_t length) {
    stats.body_bytes += length;
    size_t prefix = PREFIX - c->prefix_length;
    if (prefix > length) prefix = length;
    memcpy(c->prefix + c->prefix_length, data, prefix);
    c->prefix_length += prefix;
    if (length >= TAIL) {
        memcpy(c->tail, data + length - TAIL, TAIL);
        c->tail_length = TAIL;
        return;
    }
    size_t keep = TAIL - length;
    if (c->tail_length > keep) {
        memmove(c->tail, c->tail + c->tail_length - keep, keep);
        c->tail_length = keep;
    }
    memcpy(c->tail + c->tail_length, data, length);
    c->tail_length += length;
}

/// Takes part of a head or body from the input; answers when the request is complete. False: the connection is gone.
static bool take(struct connection *c, const char **p, const char *end) {
    if (c->state == READ_HEAD) {
        size_t before = c->head_length, room = MAX_HEAD - before, n = (size_t)(end - *p);
        if (n > room) n = room;
        if (!c->head) c->head = checked_calloc(1, MAX_HEAD);
        // Only the head is wanted, but its end may lie across two reads.
        size_t inside = before == 0 ? head_length(*p, n) : 0;
        if (inside) n = inside;
        memcpy(c->head + before, *p, n);
        size_t length = inside ? inside : head_length(c->head, before + n);
        if (!length) {
            c->head_length = before + n;
            *p += n;
            if (c->head_length == MAX_HEAD) { drop(c); return false; }
            return true;
        }
        *p += length - before;
        c->head_length = length;
        c->prefix_length = c->tail_length = 0;
        c->chunked = (struct chunked){0};
        if (!read_framing(c->head, length, &c->framing)) { drop(c); return false; }
        c->close_after = c->framing.close;
        c->body_left = c->framing.content_length > 0 ? c->framing.content_length : 0;
        c->state = READ_BODY;
        if (c->framing.expects_continue && send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) != 25) {
            drop(c);
            return false;
        }
    }
    if (c->framing.chunked) {
        const char *data;
        size_t n;
        while ((n = next_chunk_data(&c->chunked, p, end, &data))) keep_body(c, data, n);
        if (c->chunked.state == CHUNK_BAD) { drop(c); return false; }
        if (c->chunked.state != CHUNK_DONE) return true;
    } else {
        size_t n = (size_t)(end - *p);
        if ((int64_t)n > c->body_left) n = (size_t)c->body_left;
        keep_body(c, *p, n);
        *p += n;
        c->body_left -= (int64_t)n;
        if (c->body_left) return true;
    }
    request_complete(c);
    return c->fd >= 0;
}

static void readable(struct connection *c) {
    ssize_t n = recv(c->fd, read_buffer, sizeof read_buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) { drop(c); return; }
    const char *p = read_buffer, *end = read_buffer + n;
    while (p < end) {
        // Nothing may follow a request before its answer is out: no proxy under test pipelines upstream.
        if (c->state != READ_HEAD && c->state != READ_BODY) { drop(c); return; }
        if (!take(c, &p, end)) return;
    }
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN) return;
            die("accept: %s", strerror(errno));
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct connection *c = checked_calloc(1, sizeof *c);
        c->fd = fd;
        c->timer.heap_index = -1;
        c->close_id = -1;
        stats.accepted++;
        watch(c, EPOLL_CTL_ADD);
    }
}

/// Sends the events that are due and answers how long to sleep; NULL when no timer runs.
static const struct timespec *run_timers(struct timespec *sleep) {
    while (heap_count) {
        uint64_t now = now_ns();
        struct connection *c = (struct connection *)heap[0];
        if (c->timer.due > now) {
            uint64_t wait = c->timer.due - now;
            *sleep = (struct timespec){.tv_sec = (time_t)(wait / NANOS), .tv_nsec = (long)(wait % NANOS)};
            return sleep;
        }
        if (c->events_left <= c->pending + 1) {
            timer_remove(&c->timer);
        } else {
            c->timer.due += c->interval;
            heap_down(0);
        }
        if (c->events_left > c->pending) c->pending++;
        if (!c->out_left) write_out(c);
    }
    return NULL;
}

int main(int argc, char **argv) {
    uint64_t port = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--port")) port = option_number(name, value, 0, 65535);
        else if (!strcmp(name, "--burst-events")) default_events = (unsigned)option_number(name, value, 1, 100000);
        else if (!strcmp(name, "--paced-events"))
            default_paced_events = (unsigned)option_number(name, value, 1, 1000000);
        else if (!strcmp(name, "--interval-ms")) default_interval_ms = (unsigned)option_number(name, value, 1, 60000);
        else die("unknown option %s", name);
    }
    if (argc % 2 == 0) die("usage: upstream [--port N] [--burst-events N] [--paced-events N] [--interval-ms N]");
    prctl(PR_SET_TIMERSLACK, 1UL);
    signal(SIGPIPE, SIG_IGN);
    make_texts();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)
        || getsockname(listener, (struct sockaddr *)&address, &size)) {
        die("port %llu: %s", (unsigned long long)port, strerror(errno));
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) die("epoll: %s", strerror(errno));
    printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        struct timespec sleep;
        const struct timespec *timeout = run_timers(&sleep);
        bury();
        struct epoll_event events[256];
        int count = wait_events(epoll, events, 256, timeout);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) { accept_all(listener); continue; }
            if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
            if (c->fd >= 0 && events[i].events & EPOLLOUT) write_out(c);
        }
        bury();
    }
}
