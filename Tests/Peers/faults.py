"""What the faulty server does, by name. Each is told the connection, whose request has been read.

Where a stream and a whole answer fail differently, both are written; where one of them makes no sense, the table does
not ask for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from faulty_upstream import Connection

FAULTS: dict[str, Callable[[Connection], object]] = {"fine": Connection.answer}
LATE_S = 0.3


def fault(function: Callable[[Connection], object]) -> Callable[[Connection], object]:
    FAULTS[function.__name__.replace("_", "-")] = function
    return function


def refusal(name: str, status: int, error: str, *fields: str) -> None:
    FAULTS[name] = lambda c: c.refuse(status, error, *fields)


# Silence


@fault
def silent(c: Connection) -> None:
    """No head."""
    c.wait()


@fault
def slow(c: Connection) -> None:
    """A head and signs of life, but no content."""
    if c.stream:
        c.begin()
        c.murmur(b": still there\n\n")
    else:
        c.half()
        c.wait()


@fault
def late(c: Connection) -> None:
    """Slow, but within every limit."""
    if c.stream:
        c.begin()
        c.wait(LATE_S)
        c.events(*c.speech.contents, *c.speech.closing)
        c.end()
    else:
        c.wait(LATE_S)
        c.answer()


@fault
def mute_error(c: Connection) -> None:
    """The head of an error, and no body."""
    c.head(500, "application/json", "content-length: 100")
    c.wait()


@fault
def stalled(c: Connection) -> None:
    """Silence after two words."""
    c.begin(2)
    c.wait()


@fault
def endless(c: Connection) -> None:
    """A word every tenth of a second, for ever."""
    c.begin()
    c.murmur(c.speech.contents[0])


# Connections that end


@fault
def hung_up(c: Connection) -> None:
    """The end before the head."""


@fault
def reset(c: Connection) -> None:
    """A reset before the head."""
    c.reset()


@fault
def cut_early(c: Connection) -> None:
    """The end after the head, before any content."""
    c.begin() if c.stream else c.half()


@fault
def reset_early(c: Connection) -> None:
    cut_early(c)
    c.reset()


@fault
def cut(c: Connection) -> None:
    """The end after two words."""
    c.begin(2)


@fault
def reset_midway(c: Connection) -> None:
    """A reset after two words."""
    c.begin(2)
    c.reset()


@fault
def cut_in_an_event(c: Connection) -> None:
    """The end within an event."""
    c.begin(2)
    c.send(b"ffff\r\n" + c.speech.contents[2][:-9])


@fault
def unfinished(c: Connection) -> None:
    """A proper end of the body, but no finish reason."""
    c.begin(2)
    c.end()


@fault
def done_unfinished(c: Connection) -> None:
    """The end mark, but no finish reason."""
    c.begin(2)
    c.events(b"data: [DONE]\n\n")
    c.end()


@fault
def no_end_mark(c: Connection) -> None:
    """A finish reason, but no end mark: whole nonetheless."""
    c.begin(len(c.speech.contents))
    c.events(*c.speech.closing[:-1])
    c.end()


# Things that are no answer


@fault
def no_http(c: Connection) -> None:
    c.send(b"This is not HTTP at all.\r\n\r\n")


@fault
def two_lengths(c: Connection) -> None:
    c.whole(200, c.speech.whole(), "content-length: 7")


@fault
def bad_header(c: Connection) -> None:
    """A field that goes on in the next line, which nobody may write any more."""
    c.whole(200, c.speech.whole(), "x-note: one\r\n two")


@fault
def bad_chunk_early(c: Connection) -> None:
    """A chunk whose size is no number, before any content."""
    c.stream_head() if c.stream else c.head(200, "application/json", "transfer-encoding: chunked")
    c.send(b"seven\r\n{\"a\":1}\r\n")


@fault
def bad_chunk(c: Connection) -> None:
    """A chunk whose size is no number, after two words."""
    c.begin(2)
    c.send(b"seven\r\n{\"a\":1}\r\n")


@fault
def malformed_early(c: Connection) -> None:
    """The first event, or the whole answer, is no JSON."""
    if c.stream:
        c.stream_head()
        c.events(b"data: {\"id\": oops\n\n")
        c.events(*c.speech.contents, *c.speech.closing)
        c.end()
    else:
        c.whole(200, b'{"id": oops}')


@fault
def malformed(c: Connection) -> None:
    """An event that is no JSON, after two words; what follows it is fine."""
    c.begin(2)
    c.events(b"data: {\"id\": oops\n\n", *c.speech.contents[2:], *c.speech.closing)
    c.end()


@fault
def too_deep(c: Connection) -> None:
    """JSON deeper than anybody should read."""
    text = b'{"choices":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    if c.stream:
        c.stream_head()
        c.events(b"data: " + text + b"\n\n")
        c.end()
    else:
        c.whole(200, text)


@fault
def huge_early(c: Connection) -> None:
    """An event of two megabytes, before any other content."""
    c.stream_head()
    c.events(b"data: " + b"x" * (2 << 20) + b"\n\n")
    c.end()


@fault
def huge(c: Connection) -> None:
    """An event of two megabytes, after two words."""
    c.begin(2)
    c.events(b"data: " + b"x" * (2 << 20) + b"\n\n")
    c.end()


@fault
def page(c: Connection) -> None:
    """A page for people, as proxies show it."""
    c.whole(200, b"<html><body>Welcome</body></html>", media="text/html")


@fault
def not_asked_for(c: Connection) -> None:
    """A whole answer where a stream was asked for, and the other way round."""
    c.stream = not c.stream
    c.answer()


@fault
def empty(c: Connection) -> None:
    """200 and nothing."""
    if c.stream:
        c.stream_head()
        c.end()
    else:
        c.whole(200, b"")


@fault
def empty_events(c: Connection) -> None:
    """A stream with its beginning and its proper end of the body, and nothing between."""
    c.begin()
    c.end()


@fault
def no_content(c: Connection) -> None:
    c.send(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")


@fault
def redirect(c: Connection) -> None:
    """Elsewhere on this same server, where a GET would be counted."""
    c.whole(302, b"", f"location: {c.upstream.root_url}/elsewhere")


# Answers that are whole, in unusual frames


@fault
def interim(c: Connection) -> None:
    """Two heads that are no answer yet, before the one that is."""
    c.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    c.answer()


@fault
def to_close(c: Connection) -> None:
    """A body that ends with its connection."""
    if c.stream:
        c.head(200, "text/event-stream")
        c.send(b"".join([*c.speech.opening, *c.speech.contents, *c.speech.closing]))
    else:
        c.head(200)
        c.send(json.dumps(c.speech.whole()).encode())


@fault
def leftover(c: Connection) -> None:
    """Bytes after the answer that nobody asked for."""
    c.is_kept = True
    # As one piece: once the next request is on its way nobody can tell whose answer such bytes are.
    with c.at_once():
        c.answer()
        c.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")


# Errors in the place of an answer


def _error_first(c: Connection, name: str, status: int) -> None:
    if c.stream:
        c.stream_head()
        c.events(c.speech.error_event(name))
        c.end()
    else:
        c.whole(200, c.speech.error(status, name))


@fault
def error_first(c: Connection) -> None:
    """200 with an error: as the first event, or as the body."""
    _error_first(c, "server", 500)


@fault
def limit_first(c: Connection) -> None:
    """200 with a rate limit: as the first event, or as the body."""
    _error_first(c, "limit", 429)


@fault
def error_midway(c: Connection) -> None:
    """An error after two words."""
    c.begin(2)
    c.events(c.speech.error_event("server"))
    c.end()


# Statuses


@fault
def broken_once(c: Connection) -> None:
    """503 to the first request, an answer to the second."""
    c.refuse(503, "server") if c.number == 1 else c.answer()


@fault
def limited_once(c: Connection) -> None:
    """429 with a short wait to the first request, an answer to the second."""
    c.refuse(429, "limit", "retry-after-ms: 300") if c.number == 1 else c.answer()


@fault
def page_400(c: Connection) -> None:
    """400 from a proxy before the provider, which knows no API."""
    c.whole(400, b"<html><body>Bad Request</body></html>", media="text/html")


@fault
def page_503(c: Connection) -> None:
    c.whole(503, b"<html><body>Unavailable</body></html>", media="text/html")


@fault
def bare_429(c: Connection) -> None:
    c.whole(429, b"")


refusal("error-500", 500, "server")
refusal("error-502", 502, "server")
refusal("error-503", 503, "server")
refusal("error-504", 504, "server")
refusal("error-408", 408, "server")
refusal("error-529", 529, "overloaded")
refusal("limited-briefly", 429, "limit", "retry-after: 1")
refusal("limited-long", 429, "limit", "retry-after: 30")
refusal("limited", 429, "limit")
refusal("out-of-quota", 429, "quota")
refusal("unpaid", 402, "quota")
refusal("key-401", 401, "key")
refusal("key-403", 403, "forbidden")
refusal("context", 400, "context")
refusal("filter", 400, "filter")
refusal("invalid-400", 400, "invalid")
refusal("invalid-422", 422, "invalid")
refusal("invalid-409", 409, "invalid")
refusal("invalid-413", 413, "invalid")
refusal("teapot", 418, "invalid")
refusal("no-model", 404, "model")
