// Reads HTTP/1.1 responses as they come in, and counts server-sent events without keeping the body.

#ifndef MARTLET_BENCH_RESPONSE_H
#define MARTLET_BENCH_RESPONSE_H

#include "../common/bench.h"

enum body_kind { BODY_LENGTH, BODY_CHUNKED, BODY_TO_CLOSE };

struct response {
    bool in_body;
    int status;
    struct framing framing;
    enum body_kind kind;
    int64_t left;
    struct chunked chunked;
    bool in_event, line_start;  // where the event counter stands
    size_t kept_length;
    char *kept;                 // an unfinished head, allocated when first needed
};

enum progress { NEEDS_MORE, COMPLETE, BROKEN };

struct arrived {
    uint64_t events;
    uint64_t body_bytes;
    const char *first_body;     // the first body bytes of this read, to show what a refusal said
    size_t first_length;
};

static inline void response_begin(struct response *r) {
    char *kept = r->kept;
    *r = (struct response){.line_start = true, .kept = kept};
}

/// Counts events that ended: a blank line after at least one other line.
static inline void count_events(struct response *r, const char *p, size_t length, struct arrived *arrived) {
    const char *end = p + length;
    while (p < end) {
        if (r->line_start && *p == '\n') {
            if (r->in_event) arrived->events++;
            r->in_event = false;
            p++;
            continue;
        }
        r->in_event = true;
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        r->line_start = newline != NULL;
        if (!newline) return;
        p = newline + 1;
    }
}

static inline void take_body(struct response *r, const char *p, size_t length, bool events, struct arrived *arrived) {
    if (!arrived->body_bytes) {
        arrived->first_body = p;
        arrived->first_length = length;
    }
    arrived->body_bytes += length;
    if (events) count_events(r, p, length, arrived);
}

static inline enum progress take_head(struct response *r, const char **p, const char *end) {
    size_t n = (size_t)(end - *p), length;
    if (r->kept_length == 0) {
        length = head_length(*p, n);
    } else {
        length = 0;
    }
    const char *head = *p;
    size_t used = length;
    if (!length) {
        if (!r->kept) r->kept = checked_calloc(1, MAX_HEAD);
        size_t room = MAX_HEAD - r->kept_length;
        if (n > room) n = room;
        memcpy(r->kept + r->kept_length, *p, n);
        length = head_length(r->kept, r->kept_length + n);
        if (!length) {
            r->kept_length += n;
            *p += n;
            return r->kept_length == MAX_HEAD ? BROKEN : NEEDS_MORE;
        }
        used = length - r->kept_length;
        head = r->kept;
    }
    *p += used;
    r->kept_length = 0;
    if (length < 16 || memcmp(head, "HTTP/1.1 ", 9) || !read_framing(head, length, &r->framing)) return BROKEN;
    r->status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
    if (r->status < 100 || r->status > 599) return BROKEN;
    if (r->status < 200) return NEEDS_MORE;  // an interim response: the next head follows
    r->in_body = true;
    if (r->framing.chunked) {
        r->kind = BODY_CHUNKED;
    } else if (r->framing.content_length >= 0 || r->status == 204) {
        r->kind = BODY_LENGTH;
        r->left = r->framing.content_length > 0 ? r->framing.content_length : 0;
    } else {
        r->kind = BODY_TO_CLOSE;
    }
    return r->kind == BODY_LENGTH && !r->left ? COMPLETE : NEEDS_MORE;
}

/// Takes the bytes of one read. `events`: the body is an event stream whose events are counted.
static inline enum progress response_take(
    struct response *r, const char *p, size_t length, bool events, struct arrived *arrived
) {
    const char *end = p + length;
    while (p < end && !r->in_body) {
        enum progress progress = take_head(r, &p, end);
        if (progress == BROKEN) return BROKEN;
        if (progress == COMPLETE) return p == end ? COMPLETE : BROKEN;
    }
    if (p == end) return NEEDS_MORE;
    if (r->kind == BODY_CHUNKED) {
        const char *data;
        size_t n;
        while ((n = next_chunk_data(&r->chunked, &p, end, &data))) take_body(r, data, n, events, arrived);
        if (r->chunked.state == CHUNK_BAD) return BROKEN;
        if (r->chunked.state != CHUNK_DONE) return NEEDS_MORE;
    } else if (r->kind == BODY_LENGTH) {
        size_t n = (size_t)(end - p);
        if ((int64_t)n > r->left) return BROKEN;
        take_body(r, p, n, events, arrived);
        p += n;
        r->left -= (int64_t)n;
        if (r->left) return NEEDS_MORE;
    } else {
        take_body(r, p, (size_t)(end - p), events, arrived);
        return NEEDS_MORE;
    }
    return p == end ? COMPLETE : BROKEN;  // bytes after an answer nobody asked for
}

#endif
