"""What the tests of failing targets share: two servers, a gateway between, and three APIs asked by official SDKs."""

from __future__ import annotations

import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import anthropic
import openai
from anthropic import Anthropic
from fault_table import CUT, FINE, SECOND, Row, Shown
from faults import FAULTS
from faulty_upstream import FaultyUpstream, deaf_port, refused_port
from harness import GATEWAY_KEY, Martlet, eventually
from openai import OpenAI

FIRST_WORDS = "The first target answers in ten words, all of them."
SECOND_WORDS = "The second one has nine words, quite different ones."
PROMPT = "one two three"

# Enough that rows of silence do not add up, and few enough for two cores.
AT_ONCE = 8

# Short, and yet long enough for a busy machine.
LIMIT_S = 1.0
IDLE_S = 1.0


@dataclass(frozen=True)
class Lane:
    """An API, and the dialects of the targets behind it."""

    surface: str
    first: str
    second: str

    @property
    def name(self) -> str:
        return f"{self.surface}-{self.first}-{self.second}"


LANES = [
    Lane("chat", "chat", "chat"),
    Lane("messages", "messages", "messages"),
    Lane("responses", "responses", "responses"),
    # Translated, and from one dialect to another when the first target fails.
    Lane("chat", "messages", "chat"),
    Lane("messages", "chat", "messages"),
    Lane("responses", "messages", "chat"),
]
INTERRUPTED = {"chat": ("server_error", "stream_interrupted"), "messages": ("api_error", None)}
TYPES = {"chat": "openai_compatible", "messages": "anthropic", "responses": "openai"}


@dataclass
class Seen:
    """What a client saw of one request."""

    status: int
    headers: dict[str, str]
    text: str = ""
    is_complete: bool = False
    raised: Exception | None = None
    type: str | None = None
    code: str | None = None
    message: str = ""

    def field(self, name: str) -> str | None:
        return self.headers.get(name)


def names(row: Row, lane: Lane, mode: str, targets: str) -> tuple[str, str]:
    """The model of one case, and its name at the targets without the fault."""
    return f"{row.fault}/{lane.name}/{mode}/{targets}", f"{lane.name}-{mode}-{targets}"


def cases(row: Row) -> list[tuple[Lane, str, str]]:
    lanes = [lane for lane in LANES if lane.first in row.firsts]
    return [(lane, mode, targets) for lane in lanes for mode in row.modes for targets in ("alone", "two")]


def account(name: str, kind: str, base_url: str, *more: str) -> str:
    lines = [f"[gateway.providers.{name}]", f'type = "{TYPES[kind]}"', f'base_url = "{base_url}"']
    return "\n".join([*lines, 'api_key_location = "env::UPSTREAM_KEY"', *more])


def model(name: str, *targets: tuple[str, str]) -> str:
    """A model with targets: an account and a name at it, each."""
    routing = ", ".join(f'"{place}"' for place, _ in targets)
    lines = [f'[models."{name}"]', f"routing = [{routing}]"]
    for place, upstream_model in targets:
        lines += [f'[models."{name}".providers.{place}]', f'model_name = "{upstream_model}"']
    return "\n".join(lines)


class FaultCase(unittest.TestCase):
    """Two servers, one gateway and the clients for all tests of a class."""

    limit_s = LIMIT_S
    reliability = [
        "[reliability]",
        f"idle_stream_timeout_s = {IDLE_S}",
        "[reliability.retry]",
        "base_delay_s = 0.02",
        "[reliability.circuit_breaker]",
        "enabled = false",
    ]

    @classmethod
    def setUpClass(cls) -> None:
        cls.first = cls.enterClassContext(FaultyUpstream(FIRST_WORDS, FAULTS))
        cls.second = cls.enterClassContext(FaultyUpstream(SECOND_WORDS, FAULTS))
        port = cls.enterClassContext(refused_port())
        deaf = cls.enterClassContext(deaf_port())
        limits = [f"first_token_timeout_s = {cls.limit_s}", f"timeout_s = {cls.limit_s}"]
        parts = ["version = 1"]
        for kind in TYPES:
            parts.append(account(f"first_{kind}", kind, cls.first.base_url))
            parts.append(account(f"timed_{kind}", kind, cls.first.base_url, *limits))
            parts.append(account(f"limited_{kind}", kind, cls.first.base_url, *limits))
            parts.append(account(f"refused_{kind}", kind, f"http://127.0.0.1:{port}/v1"))
            parts.append(account(f"deaf_{kind}", kind, f"http://127.0.0.1:{deaf}/v1", "connect_timeout_s = 0.5"))
            parts.append(account(f"second_{kind}", kind, cls.second.base_url))
        parts += [*cls.models(), *cls.reliability]
        cls.martlet = cls.enterClassContext(Martlet("\n".join(parts) + "\n", {"UPSTREAM_KEY": "upstream-key-0123"}))
        cls.openai, cls.claude = cls.new_clients(max_retries=0)

    @classmethod
    def models(cls) -> list[str]:
        raise NotImplementedError

    @classmethod
    def new_clients(cls, **options) -> tuple[OpenAI, Anthropic]:
        options = {"api_key": GATEWAY_KEY, "timeout": 20} | options
        return (
            cls.enterClassContext(OpenAI(base_url=f"{cls.martlet.url}/v1", **options)),
            cls.enterClassContext(Anthropic(base_url=cls.martlet.url, **options)),
        )

    def ask(self, surface: str, name: str, mode: str, clients: tuple[OpenAI, Anthropic] | None = None) -> Seen:
        """Asks for an answer with an official SDK, and reads it to its end or to the exception."""
        sdk, claude = clients or (self.openai, self.claude)
        stream = mode == "stream"
        ask, read = {
            "chat": (sdk.chat.completions.with_raw_response.create, _read_chat),
            "messages": (claude.messages.with_raw_response.create, _read_message),
            "responses": (sdk.responses.with_raw_response.create, _read_response),
        }[surface]
        turns = [{"role": "user", "content": PROMPT}]
        body = {
            "chat": {"messages": turns},
            "messages": {"messages": turns, "max_tokens": 64},
            "responses": {"input": PROMPT},
        }[surface]
        try:
            raw = ask(model=name, stream=stream, **body)
        except (openai.APIStatusError, anthropic.APIStatusError) as error:
            seen = Seen(error.status_code, dict(error.response.headers), raised=error)
            try:
                inner = error.response.json()["error"]
                seen.type, seen.code, seen.message = inner["type"], inner.get("code"), inner["message"]
            except ValueError:
                seen.type, seen.message = "page", error.response.text
            return seen
        seen = Seen(raw.http_response.status_code, dict(raw.headers))
        try:
            read(raw.parse(), stream, seen)
        except (openai.APIError, anthropic.APIError) as error:
            seen.raised = error
            inner = error.body.get("error", error.body) if isinstance(error.body, dict) else {}
            seen.type, seen.code = inner.get("type"), inner.get("code")
        return seen

    def assert_shown(self, expected: Shown, surface: str, seen: Seen, first: str | None = None) -> None:
        """An error as a surface shows it, told by a first target of that dialect."""
        self.assertIsNotNone(seen.raised, seen)
        self.assertFalse(seen.is_complete or seen.text, seen)
        if expected.is_page and surface == first:
            self.assertEqual((seen.status, seen.type), (expected.status, "page"), seen)
        elif surface == "messages":
            self.assertEqual((seen.status, seen.type), expected.claude, seen)
        else:
            is_claudes = first == "messages" and expected.from_claude != "the same"
            code = expected.from_claude if is_claudes else expected.code
            self.assertEqual((seen.status, seen.type, seen.code), (expected.status, expected.type, code), seen)
        self.assertEqual(seen.field("x-should-retry"), expected.should_retry, seen)
        wait = seen.field("retry-after")
        if expected.wait is None:
            self.assertIsNone(wait, seen)
        else:
            self.assertIn(int(wait or 0), expected.wait, seen)
        self.assertTrue(seen.field("x-request-id"), seen)
        self.assertTrue(seen.message, seen)

    def assert_cut(self, surface: str, seen: Seen) -> None:
        """A stream that broke: what came before is there, and nothing says that it is whole."""
        self.assertEqual(seen.status, 200, seen)
        self.assertFalse(seen.is_complete, seen)
        self.assertTrue(seen.text and FIRST_WORDS.startswith(seen.text) and seen.text != FIRST_WORDS, seen)
        if surface == "responses":
            self.assertEqual(seen.type, "failed", seen)
        else:
            self.assertEqual((seen.type, seen.code), INTERRUPTED[surface], seen)
            self.assertIsNotNone(seen.raised, seen)

    def assert_answered(self, words: str, seen: Seen) -> None:
        self.assertIsNone(seen.raised, seen)
        self.assertEqual((seen.status, seen.text, seen.is_complete), (200, words, True), seen)


class TableCase(FaultCase):
    """Every row of a table by every lane, streamed and whole, alone and with a healthy second target."""

    rows: list[Row] = []

    @classmethod
    def models(cls) -> list[str]:
        made = []
        for row in cls.rows:
            for lane, mode, targets in cases(row):
                name, tail = names(row, lane, mode, targets)
                first = (f"{row.account}_{lane.first}", f"{row.fault}.{tail}")
                second = [(f"second_{lane.second}", f"fine.{tail}-{row.fault}")] if targets == "two" else []
                made.append(model(name, first, *second))
        return made

    def check(self, row: Row, lane: Lane, mode: str, targets: str) -> None:
        name, tail = names(row, lane, mode, targets)
        first, second = f"{row.fault}.{tail}", f"fine.{tail}-{row.fault}"
        expected = row.two if targets == "two" else row.alone
        seen = self.ask(lane.surface, name, mode)
        if isinstance(expected, Shown):
            self.assert_shown(expected, lane.surface, seen, lane.first)
        elif expected == CUT:
            self.assert_cut(lane.surface, seen)
        else:
            self.assert_answered({FINE: FIRST_WORDS, SECOND: SECOND_WORDS}[expected], seen)
        helped = expected == SECOND
        self.assertEqual(self.first.asked(first), row.asked, "requests at the first target")
        self.assertEqual(self.second.asked(second), int(helped), "requests at the second target")
        self.assertEqual(seen.field("x-gateway-attempts"), str(row.first_attempts + helped))
        last = f"second_{lane.second}" if helped else f"{row.account}_{lane.first}"
        self.assertEqual(seen.field("x-provider"), last)
        if row.fault in ("silent", "slow", "stalled"):
            self.assertTrue(eventually(lambda: self.first.abandoned(first)), "the silent call was not given up")

    def run_row(self, row: Row) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {case: pool.submit(self.check, row, *case) for case in cases(row)}
        for (lane, mode, targets), result in running.items():
            with self.subTest(lane=lane.name, mode=mode, targets=targets):
                result.result()


def _read_chat(answer, stream: bool, seen: Seen) -> None:
    if not stream:
        [choice] = answer.choices
        seen.text, seen.is_complete = choice.message.content, choice.finish_reason == "stop"
        return
    finish = None
    for chunk in answer:
        for choice in chunk.choices:
            seen.text += choice.delta.content or ""
            finish = choice.finish_reason or finish
            # Whoever shows answers as they come looks no further than this.
            seen.is_complete = finish is not None


def _read_message(answer, stream: bool, seen: Seen) -> None:
    if not stream:
        seen.text = "".join(block.text for block in answer.content)
        seen.is_complete = answer.stop_reason == "end_turn"
        return
    for event in answer:
        if event.type == "content_block_delta":
            seen.text += event.delta.text
        elif event.type == "message_delta" and event.delta.stop_reason:
            seen.is_complete = True
        elif event.type == "message_stop":
            seen.is_complete = True


def _read_response(answer, stream: bool, seen: Seen) -> None:
    if not stream:
        seen.text, seen.is_complete = answer.output_text, answer.status == "completed"
        return
    for event in answer:
        if event.type == "response.output_text.delta":
            seen.text += event.delta
        elif event.type == "response.completed":
            seen.is_complete = True
        elif event.type == "response.failed":
            # The SDK hands this out like any event; to callers it is what an exception is elsewhere.
            seen.type, seen.code = event.response.status, event.response.error.code


def add_rows(case: type[TableCase]) -> type[TableCase]:
    """Gives a class a test for every row of its table."""
    for row in case.rows:
        name = f"test_{row.fault.replace('-', '_')}"
        assert not hasattr(case, name), f"{row.fault} stands in the table twice"
        setattr(case, name, lambda self, row=row: self.run_row(row))
    return case
