// The answers of the mock upstream: written once, sent as they are.

#ifndef MARTLET_BENCH_TEXTS_H
#define MARTLET_BENCH_TEXTS_H

#include "../common/bench.h"

struct text {
    char *bytes;
    size_t length;
};

struct burst {
    unsigned events;
    bool nulls;
    struct text text;
};

static struct text json_answer, claude_answer, bedrock_answer, paced_start, paced_event, paced_end;
static struct burst bursts[16];
static size_t burst_count;

static void append(struct text *text, const char *bytes, size_t length) {
    text->bytes = realloc(text->bytes, text->length + length + 1);
    if (!text->bytes) die("out of memory");
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

static void append_string(struct text *text, const char *string) { append(text, string, strlen(string)); }

#define STREAM_HEAD                                                                                             \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"          \
    "openai-processing-ms: 12\r\nx-request-id: req_bench0000000000000000\r\nTransfer-Encoding: chunked\r\n\r\n"

/// One event as an HTTP chunk of its own.
static void append_event(struct text *text, const char *delta, const char *finish, bool nulls) {
    char event[1024], chunk[1100];
    int length = snprintf(
        event, sizeof event,
        "data: {\"id\":\"chatcmpl-bench000000000000000000000\",\"object\":\"chat.completion.chunk\","
        "\"created\":1750000000,\"model\":\"bench-model\","
        "\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]%s}\n\n",
        delta, finish, nulls ? ",\"usage\":null" : "");
    int total = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", length, event);
    append(text, chunk, (size_t)total);
}

static void append_start(struct text *text, bool nulls) {
    append_event(text, "{\"role\":\"assistant\",\"content\":\"\"}", "null", nulls);
}

static void append_content(struct text *text, bool nulls) {
    append_event(text, "{\"content\":\" a few words\"}", "null", nulls);
}

static void append_data(struct text *text, const char *data) {
    char chunk[1024];
    int total = snprintf(chunk, sizeof chunk, "%zx\r\ndata: %s\n\n\r\n", strlen(data) + 8, data);
    append(text, chunk, (size_t)total);
}

/// Finish reason, usage, `[DONE]` and the last chunk.
static void append_end(struct text *text, unsigned tokens, bool nulls) {
    char usage[512];
    append_event(text, "{}", "\"stop\"", nulls);
    snprintf(usage, sizeof usage,
             "{\"id\":\"chatcmpl-bench000000000000000000000\",\"object\":\"chat.completion.chunk\","
             "\"created\":1750000000,\"model\":\"bench-model\",\"choices\":[],"
             "\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":%u,"
             "\"total_tokens\":%u}}",
             tokens, tokens + 200);
    append_data(text, usage);
    append_data(text, "[DONE]");
    append_string(text, "0\r\n\r\n");
}

#define WORDS                                                                                                   \
    "\"A gateway stands between the programs of a house and the models they call.\\nIt knows who asks, what it may " \
    "cost and where to go when the first choice is down. What it adds should be small next to what it saves.\""

/// One JSON answer with its head.
static void make_answer(struct text *text, const char *body) {
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nopenai-processing-ms: 12\r\n"
             "x-request-id: req_bench0000000000000000\r\nContent-Length: %zu\r\n\r\n",
             strlen(body));
    append_string(text, head);
    append_string(text, body);
}

static void make_texts(void) {
    make_answer(&json_answer,
                "{\"id\":\"chatcmpl-bench000000000000000000000\",\"object\":\"chat.completion\",\"created\":1750000000,"
                "\"model\":\"bench-model\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":" WORDS
                ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":200,"
                "\"completion_tokens\":48,\"total_tokens\":248,\"prompt_tokens_details\":{\"cached_tokens\":0},"
                "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"system_fingerprint\":\"fp_bench\"}");
    make_answer(&claude_answer,
                "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench-model\",\"content\":"
                "[{\"type\":\"text\",\"text\":" WORDS "}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
                "\"usage\":{\"input_tokens\":200,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
                "\"output_tokens\":48}}");
    make_answer(&bedrock_answer,
                "{\"metrics\":{\"latencyMs\":12},\"output\":{\"message\":{\"content\":[{\"text\":" WORDS
                "}],\"role\":\"assistant\"}},\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":200,"
                "\"outputTokens\":48,\"totalTokens\":248}}");
    append_string(&paced_start, STREAM_HEAD);
    append_start(&paced_start, false);
    append_content(&paced_start, false);
    append_content(&paced_event, false);
    append_end(&paced_end, 100, false);
}

/// One named event as an HTTP chunk of its own.
static void append_named(struct text *text, const char *name, const char *members) {
    char event[1024], chunk[1100];
    int length = snprintf(event, sizeof event, "event: %s\ndata: {\"type\":\"%s\"%s}\n\n", name, name, members);
    int total = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", length, event);
    append(text, chunk, (size_t)total);
}

/// The stream of a message in Anthropic's format with `events` deltas, made once for one length.
static const struct text *claude_text(unsigned events) {
    static struct text text;
    static unsigned made;
    if (made == events) return &text;
    text.length = 0;
    made = events;
    char usage[128];
    append_string(&text, STREAM_HEAD);
    append_named(&text, "message_start",
                 ",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench-model\","
                 "\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":200,\"output_tokens\":1}}");
    append_named(&text, "content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    for (unsigned i = 0; i < events; i++)
        append_named(&text, "content_block_delta",
                     ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" a few words\"}");
    append_named(&text, "content_block_stop", ",\"index\":0");
    snprintf(usage, sizeof usage, ",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":%u}", events);
    append_named(&text, "message_delta", usage);
    append_named(&text, "message_stop", "");
    append_string(&text, "0\r\n\r\n");
    return &text;
}

static uint32_t checksum(const unsigned char *bytes, size_t length) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static void put32(unsigned char *place, uint32_t value) {
    for (int i = 0; i < 4; i++) place[i] = (unsigned char)(value >> (24 - 8 * i));
}

/// One field of text of a frame; answers the place behind it.
static unsigned char *put_field(unsigned char *place, const char *name, const char *value) {
    size_t name_length = strlen(name), length = strlen(value);
    *place++ = (unsigned char)name_length;
    memcpy(place, name, name_length);
    place += name_length;
    *place++ = 7;
    *place++ = (unsigned char)(length >> 8);
    *place++ = (unsigned char)length;
    memcpy(place, value, length);
    return place + length;
}

/// One event of `application/vnd.amazon.eventstream` as an HTTP chunk of its own.
static void append_frame(struct text *text, const char *type, const char *payload) {
    unsigned char frame[1024];
    unsigned char *end = put_field(frame + 12, ":event-type", type);
    end = put_field(end, ":content-type", "application/json");
    end = put_field(end, ":message-type", "event");
    put32(frame + 4, (uint32_t)(end - frame - 12));
    memcpy(end, payload, strlen(payload));
    end += strlen(payload);
    uint32_t total = (uint32_t)(end - frame) + 4;
    put32(frame, total);
    put32(frame + 8, checksum(frame, 8));
    put32(end, checksum(frame, total - 4));
    char size[16];
    snprintf(size, sizeof size, "%x\r\n", total);
    append_string(text, size);
    append(text, (const char *)frame, total);
    append_string(text, "\r\n");
}

/// The stream of an answer of Bedrock's Converse with `events` deltas, made once for one length.
static const struct text *bedrock_text(unsigned events) {
    static struct text text;
    static unsigned made;
    if (made == events) return &text;
    text.length = 0;
    made = events;
    char payload[256];
    append_string(&text, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                         "x-amzn-RequestId: 00000000-0000-0000-0000-000000000000\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n");
    append_frame(&text, "messageStart", "{\"role\":\"assistant\",\"p\":\"abcdefghijkl\"}");
    for (unsigned i = 0; i < events; i++) {
        // The service pads its events with a random number of letters.
        snprintf(payload, sizeof payload, "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" a few words\"},\"p\":\"%.*s\"}",
                 (int)(i * 7 % 26), "abcdefghijklmnopqrstuvwxyz");
        append_frame(&text, "contentBlockDelta", payload);
    }
    append_frame(&text, "contentBlockStop", "{\"contentBlockIndex\":0,\"p\":\"abc\"}");
    append_frame(&text, "messageStop", "{\"stopReason\":\"end_turn\",\"p\":\"abcdef\"}");
    snprintf(payload, sizeof payload,
             "{\"usage\":{\"inputTokens\":200,\"outputTokens\":%u,\"totalTokens\":%u},\"metrics\":{\"latencyMs\":12}}",
             events, events + 200);
    append_frame(&text, "metadata", payload);
    append_string(&text, "0\r\n\r\n");
    return &text;
}

/// The whole answer of a burst, made once for each length.
static const struct text *burst_text(unsigned events, bool nulls) {
    for (size_t i = 0; i < burst_count; i++) {
        if (bursts[i].events == events && bursts[i].nulls == nulls) return &bursts[i].text;
    }
    if (burst_count == sizeof bursts / sizeof bursts[0]) return &bursts[0].text;
    struct burst *burst = &bursts[burst_count++];
    burst->events = events;
    burst->nulls = nulls;
    append_string(&burst->text, STREAM_HEAD);
    append_start(&burst->text, nulls);
    for (unsigned i = 1; i < events; i++) append_content(&burst->text, nulls);
    append_end(&burst->text, events, nulls);
    return &burst->text;
}

/// Takes a number out of a model's name, and moves behind it.
static unsigned number_in_name(char **p, unsigned fallback, unsigned high) {
    if (**p != '-') return fallback;
    unsigned long value = strtoul(*p + 1, p, 10);
    return value < 1 ? 1 : value > high ? high : (unsigned)value;
}

/// Takes the model out of a path: `POST /model/NAME/converse-stream`.
static bool find_in_path(const char *line, char *value, size_t room) {
    const char *start = strstr(line, "/model/");
    const char *end = start ? strchr(start + 7, '/') : NULL;
    if (!end || (size_t)(end - start - 7) >= room) return false;
    memcpy(value, start + 7, (size_t)(end - start - 7));
    value[end - start - 7] = 0;
    return true;
}

#endif
