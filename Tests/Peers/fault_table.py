"""What callers see of each fault, and how often each target is asked: the failure policy as a table.

`asked` is how often the first target is asked, with and without a second one. A stream that has begun is never begun
again: `CUT` is the end that says so, in each API's own way. What `two` does not say is the rule: with a healthy second
target a caller sees an answer, whole, and nothing of the fault.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shown:
    """An error in OpenAI's and in Anthropic's APIs, and what it tells a client to do."""

    status: int
    type: str
    code: str | None
    claude: tuple[int, str]
    should_retry: str | None = "false"
    wait: range | None = None  # what Retry-After may be; None: there is none
    from_claude: str | None = "the same"  # the code when a target said it whose API has types and no codes
    is_page: bool = False  # whether a body that passes as it came is no error of the API at all


FINE = "answered by the first"
SECOND = "answered by the second"
CUT = "told of a cut"

FAILED = Shown(502, "server_error", "provider_error", (502, "api_error"))
LATE = Shown(504, "server_error", "provider_timeout", (504, "timeout_error"))
BAD_KEY = Shown(502, "server_error", "provider_auth_error", (502, "api_error"))
OVERLOADED = Shown(503, "server_error", "overloaded", (529, "overloaded_error"), "false", range(1, 6))
NO_MODEL = Shown(404, "invalid_request_error", "model_not_found", (404, "not_found_error"))
TOO_LONG = Shown(400, "invalid_request_error", "context_length_exceeded", (400, "invalid_request_error"))
FILTERED = Shown(400, "invalid_request_error", "content_filter", (400, "invalid_request_error"), from_claude=None)
INVALID = Shown(400, "invalid_request_error", "invalid_value", (400, "invalid_request_error"), from_claude=None)
PAGE = Shown(400, "invalid_request_error", None, (400, "invalid_request_error"), is_page=True)
INVALID_409 = replace(INVALID, status=409, claude=(409, "conflict_error"), from_claude="conflict_error")
INVALID_413 = replace(INVALID, status=413, claude=(413, "request_too_large"), from_claude="request_too_large")
INVALID_422 = replace(INVALID, status=422, claude=(422, "invalid_request_error"))
ALL_LIMITED = Shown(429, "rate_limit_error", "provider_rate_limited", (429, "rate_limit_error"), None, range(1, 11))


def limited(wait: range) -> Shown:
    """A rate limit of an only target, in the words of the target."""
    return Shown(429, "rate_limit_error", "rate_limit_exceeded", (429, "rate_limit_error"), None, wait)


@dataclass(frozen=True)
class Row:
    """One fault of the first target."""

    fault: str
    asked: int
    alone: Shown | str
    two: Shown | str = SECOND
    modes: tuple[str, ...] = ("stream", "whole")
    account: str = "first"  # the first target's: `timed` has short limits, `refused` and `deaf` take no connections
    firsts: tuple[str, ...] = ("chat", "messages", "responses")
    attempts: int = 0  # those the gateway counts on the first target; 0: as many as arrived

    @property
    def first_attempts(self) -> int:
        return self.attempts or self.asked


STREAM, WHOLE = ("stream",), ("whole",)

ROWS = [
    Row("fine", 1, FINE, FINE),
    # Silence: nobody is asked twice who said nothing.
    Row("silent", 1, LATE, account="timed"),
    Row("slow", 1, LATE, account="timed"),
    Row("late", 1, FINE, FINE, account="timed"),
    Row("mute-error", 2, FAILED, account="timed"),
    Row("stalled", 1, CUT, CUT, STREAM),
    # Connections that fail or end.
    Row("refused", 0, FAILED, account="refused", attempts=2),
    Row("unreachable", 0, LATE, account="deaf", attempts=2),
    Row("hung-up", 2, FAILED),
    Row("reset", 2, FAILED),
    Row("cut-early", 2, FAILED),
    Row("reset-early", 2, FAILED),
    Row("cut", 1, CUT, CUT, STREAM),
    Row("reset-midway", 1, CUT, CUT, STREAM),
    Row("cut-in-an-event", 1, CUT, CUT, STREAM),
    Row("unfinished", 1, CUT, CUT, STREAM),
    Row("done-unfinished", 1, CUT, CUT, STREAM, firsts=("chat",)),
    Row("no-end-mark", 1, FINE, FINE, STREAM, firsts=("chat",)),
    # 2xx that is no answer.
    Row("no-http", 1, FAILED),
    Row("two-lengths", 1, FAILED, modes=WHOLE),
    Row("bad-header", 1, FAILED, modes=WHOLE),
    Row("bad-chunk-early", 1, FAILED),
    Row("bad-chunk", 1, CUT, CUT, STREAM),
    Row("malformed-early", 1, FAILED),
    Row("malformed", 1, CUT, CUT, STREAM),
    Row("too-deep", 1, FAILED),
    Row("huge-early", 1, FAILED, modes=STREAM),
    Row("huge", 1, CUT, CUT, STREAM),
    Row("page", 1, FAILED),
    Row("not-asked-for", 1, FAILED),
    Row("empty", 1, FAILED),
    Row("empty-events", 1, FAILED, modes=STREAM),
    Row("no-content", 1, FAILED),
    Row("redirect", 1, FAILED),
    # Unusual, and whole.
    Row("interim", 1, FINE, FINE),
    Row("to-close", 1, FINE, FINE),
    Row("leftover", 1, FINE, FINE),
    # Errors in the place of an answer count as the status they stand for.
    Row("error-first", 2, FAILED),
    Row("limit-first", 1, limited(range(1, 11))),
    Row("error-midway", 1, CUT, CUT, STREAM),
    # Statuses.
    Row("error-500", 2, FAILED),
    Row("error-502", 2, FAILED),
    Row("error-503", 2, FAILED),
    Row("error-504", 2, FAILED),
    Row("error-408", 2, FAILED),
    Row("error-529", 2, OVERLOADED),
    Row("page-503", 2, FAILED),
    Row("teapot", 1, FAILED),
    Row("broken-once", 2, FINE, FINE),
    Row("limited-once", 2, FINE, FINE),
    Row("limited-briefly", 2, limited(range(1, 2))),
    Row("limited-long", 1, limited(range(1, 31))),
    Row("limited", 1, limited(range(1, 11))),
    Row("bare-429", 1, ALL_LIMITED),
    Row("out-of-quota", 1, FAILED, firsts=("chat", "responses")),
    Row("unpaid", 1, FAILED),
    Row("key-401", 1, BAD_KEY),
    Row("key-403", 1, BAD_KEY),
    Row("no-model", 1, NO_MODEL),
    # The caller's own doing: another target would say the same, or must not be asked.
    Row("context", 1, TOO_LONG, TOO_LONG),
    Row("filter", 1, FILTERED, FILTERED),
    Row("invalid-400", 1, INVALID, INVALID),
    Row("page-400", 1, PAGE, PAGE),
    Row("invalid-409", 1, INVALID_409, INVALID_409),
    Row("invalid-413", 1, INVALID_413, INVALID_413),
    Row("invalid-422", 1, INVALID_422, INVALID_422),
]

# Streams that are held back until they are complete: what would have been a cut is a failure like any other.
HELD_BACK_ROWS = [
    Row("fine", 1, FINE, FINE),
    Row("late", 1, FINE, FINE, account="timed"),
    Row("silent", 1, LATE, account="timed"),
    Row("stalled", 1, LATE, modes=STREAM),
    Row("cut", 2, FAILED, modes=STREAM),
    Row("reset-midway", 2, FAILED, modes=STREAM),
    Row("cut-in-an-event", 2, FAILED, modes=STREAM),
    Row("unfinished", 2, FAILED, modes=STREAM),
    Row("done-unfinished", 2, FAILED, modes=STREAM, firsts=("chat",)),
    Row("no-end-mark", 1, FINE, FINE, STREAM, firsts=("chat",)),
    Row("bad-chunk", 1, FAILED, modes=STREAM),
    Row("malformed", 1, FAILED, modes=STREAM),
    Row("huge", 1, FAILED, modes=STREAM),
    Row("error-midway", 2, FAILED, modes=STREAM),
    Row("invalid-400", 1, INVALID, INVALID),
]

# The second target is asked beside the first when that is silent, and only then.
HEDGED_ROWS = [
    Row("fine", 1, FINE, FINE),
    Row("late", 1, FINE, FINE, account="timed"),
    Row("silent", 1, LATE, account="timed"),
    Row("slow", 1, LATE, account="timed"),
    Row("stalled", 1, CUT, CUT, STREAM),
    Row("error-500", 2, FAILED),
    Row("filter", 1, FILTERED, FILTERED),
]
