"""What callers see of each fault, and how often each target is asked: the failure policy as a table.

`asked` is how often the first target is asked, with and without a second one. A stream that has begun is never begun
again: `CUT` is the end that says so, in each API's own way. What `two` does not say is the rule: with a healthy second
target a caller sees an answer, whole, and nothing of the fault.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """An error in OpenAI's and in Anthropic's APIs, and what it tells a client to do."""

    status: int
    type: str
    code: str | None
    claude: tuple[int, str]
    should_retry: str | None = "false"
    wait: range | None = None  # what Retry-After may be; None: there is none
    is_targets: bool = False  # whether the code is the target's own: Anthropic's API has none


FINE = "answered by the first"
SECOND = "answered by the second"
CUT = "told of a cut"

FAILED = Shown(502, "server_error", "provider_error", (502, "api_error"))
LATE = Shown(504, "server_error", "provider_timeout", (504, "timeout_error"))
BAD_KEY = Shown(502, "server_error", "provider_auth_error", (502, "api_error"))
OVERLOADED = Shown(503, "server_error", "overloaded", (529, "overloaded_error"), "true", range(1, 6))
NO_MODEL = Shown(404, "invalid_request_error", "model_not_found", (404, "not_found_error"))
TOO_LONG = Shown(400, "invalid_request_error", "context_length_exceeded", (400, "invalid_request_error"))
FILTERED = Shown(400, "invalid_request_error", "content_filter", (400, "invalid_request_error"), is_targets=True)
INVALID = Shown(400, "invalid_request_error", "invalid_value", (400, "invalid_request_error"), is_targets=True)
INVALID_422 = Shown(422, "invalid_request_error", "invalid_value", (422, "invalid_request_error"), is_targets=True)


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
    is_timed: bool = False  # whether the first target has short limits of time
    firsts: tuple[str, ...] = ("chat", "messages", "responses")
    attempts: int = 0  # those the gateway counts on the first target; 0: as many as arrived

    @property
    def first_attempts(self) -> int:
        return self.attempts or self.asked


STREAM, WHOLE = ("stream",), ("whole",)

ROWS = [
    Row("fine", 1, FINE, FINE),
    # Silence: nobody is asked twice who said nothing.
    Row("silent", 1, LATE, is_timed=True),
    Row("slow", 1, LATE, is_timed=True),
    Row("late", 1, FINE, FINE, is_timed=True),
    Row("stalled", 1, CUT, CUT, STREAM),
    # Connections that fail or end.
    Row("refused", 0, FAILED, attempts=2),
    Row("hung-up", 2, FAILED),
    Row("reset", 2, FAILED),
    Row("cut-early", 2, FAILED),
    Row("reset-early", 2, FAILED),
    Row("cut", 1, CUT, CUT, STREAM),
    Row("cut-in-an-event", 1, CUT, CUT, STREAM),
    Row("unfinished", 1, CUT, CUT, STREAM),
    Row("done-unfinished", 1, CUT, CUT, STREAM, firsts=("chat",)),
    Row("no-end-mark", 1, FINE, FINE, STREAM, firsts=("chat",)),
    # 2xx that is no answer.
    Row("no-http", 1, FAILED),
    Row("two-lengths", 1, FAILED, modes=WHOLE),
    Row("bad-chunk-early", 1, FAILED),
    Row("bad-chunk", 1, CUT, CUT, STREAM),
    Row("malformed-early", 1, FAILED),
    Row("malformed", 1, CUT, CUT, STREAM),
    Row("too-deep", 1, FAILED),
    Row("page", 1, FAILED),
    Row("not-asked-for", 1, FAILED),
    Row("empty", 1, FAILED),
    Row("empty-events", 1, FAILED, modes=STREAM),
    Row("no-content", 1, FAILED),
    Row("redirect", 1, FAILED),
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
    Row("broken-once", 2, FINE, FINE),
    Row("limited-once", 2, FINE, FINE),
    Row("limited-briefly", 2, limited(range(1, 2))),
    Row("limited-long", 1, limited(range(1, 31))),
    Row("limited", 1, limited(range(1, 11))),
    Row("out-of-quota", 1, FAILED, firsts=("chat", "responses")),
    Row("unpaid", 1, FAILED),
    Row("key-401", 1, BAD_KEY),
    Row("key-403", 1, BAD_KEY),
    Row("no-model", 1, NO_MODEL),
    # The caller's own doing: another target would say the same, or must not be asked.
    Row("context", 1, TOO_LONG, TOO_LONG),
    Row("filter", 1, FILTERED, FILTERED),
    Row("invalid-400", 1, INVALID, INVALID),
    Row("invalid-422", 1, INVALID_422, INVALID_422),
]
