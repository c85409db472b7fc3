"""A small server with Anthropic's Messages API that is as strict as the real one, and does what its model names say.

Its checks stand in `anthropic_rules`, what its models say in `anthropic_answers`.

It answers `POST /v1/messages` over HTTP/1.1, whole or as a stream of named events, and needs the standard library only.

    model              behaviour
    echo               a call of the first tool if tools are offered and none was answered yet, JSON if a schema is
                       asked for, else the user's last words; thinks before it when asked to
    parallel           words, then a call of every tool offered
    bare-call          a call without a single piece of input
    omitted, redacted  thinks without being asked: a signature without text, and a block nobody can read
    cached             reports tokens read from and written to a cache
    pings              a ping before every event, comments between them, and an event of an unknown type
    window, pause, refusal, empty    stop for the reason of that name; `empty` has no content at all
    claude-opus-5-1    takes no sampling fields, no budget for thinking and no last message of the assistant
    claude-sonnet-4-5  takes temperature or top_p, not both; knows no adaptive thinking and no role `system`
    refuse-400, -401, -404, -429, -500, -529    that status
    overloaded         529; in a stream an error event after two words
    slow               says nothing for 30 s
    endless            streams a word every 10 ms until the reader leaves
    cut                ends the connection in the middle of its answer

Counting rule, so that a test can check usage exactly: one token a word.
"""

from __future__ import annotations

import json
import threading
import time

from anthropic_answers import Message
from anthropic_rules import Refused, check
from scripted_server import ScriptedServer
from scripted_upstream import ENDLESS_S, SILENCE_S, Received, ScriptedUpstream, _Handler

RETRY_AFTER_S = 30
# Long enough that what was said before an error is read, and shown, before it.
APART_S = 0.2

REFUSALS = {
    "refuse-400": (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    "refuse-401": (401, "authentication_error", "invalid x-api-key"),
    "refuse-404": (404, "not_found_error", "model: refuse-404"),
    "refuse-429": (429, "rate_limit_error", "This request would exceed your organization's rate limit."),
    "refuse-500": (500, "api_error", "Internal server error"),
    "refuse-529": (529, "overloaded_error", "Overloaded"),
}


class ScriptedAnthropic(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self, key: str) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self.key = key
        self._server = ScriptedServer(_AnthropicHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.root_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base_url = f"{self.root_url}/v1"


class _AnthropicHandler(_Handler):
    def do_GET(self) -> None:
        self._fail(None, 404, "not_found_error", "Not found")

    def _answer(self, received: Received, request: dict) -> None:
        if received.path.split("?")[0] != "/v1/messages":
            return self._fail(received, 404, "not_found_error", "Not found")
        headers = received.headers
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if key != self.server.upstream.key:  # type: ignore[attr-defined]
            return self._fail(received, *REFUSALS["refuse-401"])
        try:
            check(request, headers)
        except Refused as refused:
            return self._fail(received, 400, "invalid_request_error", str(refused))
        model = request["model"]
        stream = request.get("stream", False)
        if model in REFUSALS:
            more = {"retry-after": str(RETRY_AFTER_S)} if model == "refuse-429" else {}
            self._fail(received, *REFUSALS[model], headers=more)
        elif model == "overloaded" and not stream:
            self._fail(received, *REFUSALS["refuse-529"])
        elif model == "slow":
            self._wait(received, SILENCE_S)
            self.close_connection = True
        elif model == "endless":
            self._stream_without_end(received, model)
        elif stream:
            self._stream_message(received, model, Message.to(request))
        else:
            self._send_message(received, model, Message.to(request))

    def _fail(
        self, received: Received | None, status: int, kind: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_scripted"}
        body = json.dumps(error).encode()
        if received is not None:
            received.answer = body
        self._send(status, body, {"request-id": "req_scripted"} | (headers or {}))

    def _send_message(self, received: Received, model: str, message: Message) -> None:
        received.answer = json.dumps(message.whole(model)).encode()
        if model != "cut":
            received.usage = message.usage
            return self._send(200, received.answer, {"request-id": "req_scripted"})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(received.answer)))
        self.end_headers()
        self.wfile.write(received.answer[: len(received.answer) // 2])
        self._hang_up()

    def _stream_message(self, received: Received, model: str, message: Message) -> None:
        self._start_stream()
        pieces = 0
        for event in message.events(model):
            if model == "pings":
                self._send_chunk(received, b": a comment\r\n\r\n")
                self._send_named(received, {"type": "ping"})
                self._send_named(received, {"type": "a_later_invention", "index": 99})
            if event["type"] == "content_block_delta":
                pieces += 1
            if pieces == 3 and model == "cut":
                return self._hang_up()
            if pieces == 3 and model == "overloaded":
                time.sleep(APART_S)
                _, kind, words = REFUSALS["refuse-529"]
                error = {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_scripted"}
                self._send_named(received, error)
                return self._send_chunk(received, b"")
            self._send_named(received, event)
        received.usage = message.usage
        self._send_chunk(received, b"")

    def _stream_without_end(self, received: Received, model: str) -> None:
        self._start_stream()
        message = Message([{"type": "text", "text": ""}], 1, "end_turn")
        for event in message.events(model)[:2]:
            self._send_named(received, event)
        end = time.monotonic() + ENDLESS_S
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word "}}
        while time.monotonic() < end and not self._wait(received, 0.01):
            self._send_named(received, delta)
        self.close_connection = True

    def _send_named(self, received: Received, event: dict) -> None:
        data = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        self._send_chunk(received, f"event: {event['type']}\ndata: {data}\n\n".encode())
