"""A small OpenAI-compatible server that does what its model names say, and remembers every byte it was sent.

It answers `POST /v1/chat/completions` over HTTP/1.1, streams with chunked framing, and needs the standard library only.

    model        behaviour
    echo         answers: a tool call if tools are offered, JSON if a schema is asked for, else the user's last words
    refuse-400   400 context_length_exceeded           refuse-401   401 invalid_api_key
    refuse-404   404 model_not_found                   refuse-429   429 rate_limit_exceeded, Retry-After: 30
    refuse-500   500 server_error                      quota        429 insufficient_quota
    slow         says nothing for 30 s                 endless      streams a word every 10 ms until the reader leaves
    cut          ends the connection in the middle of its answer

Counting rule, so that a test can check usage exactly: one token a word.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from scripted_server import ScriptedServer

CREATED = 1_780_000_000
SILENCE_S = 30.0
ENDLESS_S = 60.0

REFUSALS = {
    "refuse-400": (400, "invalid_request_error", "context_length_exceeded", "This model's context is 8 tokens."),
    "refuse-401": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "refuse-404": (404, "invalid_request_error", "model_not_found", "The model does not exist here."),
    "refuse-429": (429, "rate_limit_error", "rate_limit_exceeded", "Slow down, please."),
    "refuse-500": (500, "server_error", None, "Something broke."),
    "quota": (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
}


@dataclass
class Received:
    """One request as it arrived, and what became of it."""

    peer: tuple[str, int]  # the other end of the connection
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    usage: dict | None = None  # what the answer reported, None if it reported nothing
    answer: bytes = b""  # the body that was sent back, without its chunk framing
    reader_left: threading.Event = field(default_factory=threading.Event)
    left_at: float | None = None  # time.monotonic() when the reader's leaving was noticed

    @property
    def json(self) -> dict:
        return json.loads(self.body)


class ScriptedUpstream:
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_Handler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ScriptedUpstream:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def received(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    def forget(self) -> None:
        """Forgets the requests seen so far."""
        with self._lock:
            self._received.clear()

    def only_request(self) -> Received:
        """Returns the one request seen since `forget`, and complains if there was none or another one."""
        received = self.received
        assert len(received) == 1, f"the upstream saw {len(received)} requests, not one"
        return received[0]

    def note(self, received: Received) -> None:
        with self._lock:
            self._received.append(received)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        models = [{"id": "echo", "object": "model", "created": CREATED, "owned_by": "scripted"}]
        self._send_json(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        length = self.headers.get("content-length")
        if length is None:
            self._send_json(411, {"error": {"message": "a Content-Length is needed", "type": "invalid_request_error"}})
            self.close_connection = True
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.client_address, self.path, headers, body)
        self.server.upstream.note(received)  # type: ignore[attr-defined]
        try:
            self._answer(received, json.loads(body))
        except (BrokenPipeError, ConnectionResetError):
            self._reader_left(received)

    def _answer(self, received: Received, request: dict) -> None:
        model = request["model"]
        if model in REFUSALS:
            self._refuse(received, model)
        elif model == "slow":
            self._wait(received, SILENCE_S)
            self.close_connection = True
        elif model == "endless":
            self._stream_without_end(received, model)
        elif request.get("stream"):
            self._stream(received, request, Reply.to(request), cut=model == "cut")
        else:
            self._complete(received, model, Reply.to(request), cut=model == "cut")

    # Answers

    def _refuse(self, received: Received, model: str) -> None:
        status, kind, code, message = REFUSALS[model]
        headers = {"retry-after": "30"} if status == 429 else {}
        # Spaces and an extra member that no encoder would write: a test can tell a passed body from a rewritten one.
        received.answer = json.dumps(
            {"error": {"message": message, "type": kind, "param": None, "code": code}, "scripted": True},
            separators=(" , ", " : "),
        ).encode()
        self._send(status, received.answer, headers)

    def _complete(self, received: Received, model: str, reply: Reply, cut: bool) -> None:
        body = json.dumps(
            {
                "id": "chatcmpl-scripted",
                "object": "chat.completion",
                "created": CREATED,
                "model": model,
                "choices": [{"index": 0, "message": reply.message(), "finish_reason": reply.finish_reason}],
                "usage": reply.usage,
                "scripted_extra": {"kept": True},
            }
        ).encode()
        if cut:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self._hang_up()
            return
        received.usage = reply.usage
        received.answer = body
        self._send(200, body)

    def _stream(self, received: Received, request: dict, reply: Reply, cut: bool) -> None:
        self._start_stream()
        deltas = reply.deltas()
        for index, delta in enumerate(deltas):
            if cut and index == 3:
                self._hang_up()
                return
            self._send_event(received, _chunk(request["model"], delta))
        self._send_event(received, _chunk(request["model"], {}, reply.finish_reason))
        if (request.get("stream_options") or {}).get("include_usage"):
            received.usage = reply.usage
            self._send_event(received, _chunk(request["model"], None) | {"usage": reply.usage})
        self._send_chunk(received, b"data: [DONE]\n\n")
        self._send_chunk(received, b"")

    def _stream_without_end(self, received: Received, model: str) -> None:
        self._start_stream()
        self._send_event(received, _chunk(model, {"role": "assistant", "content": ""}))
        end = time.monotonic() + ENDLESS_S
        while time.monotonic() < end and not self._wait(received, 0.01):
            self._send_event(received, _chunk(model, {"content": "word "}))
        self.close_connection = True

    # Bytes

    def _send_json(self, status: int, value: dict) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _start_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _send_event(self, received: Received, value: dict) -> None:
        self._send_chunk(received, b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n")

    def _send_chunk(self, received: Received, data: bytes) -> None:
        received.answer += data
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _wait(self, received: Received, seconds: float) -> bool:
        """Waits, and returns early and true when the reader closes its side."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if not readable:
            return False
        try:
            left = self.connection.recv(1, socket.MSG_PEEK) == b""
        except ConnectionResetError:
            left = True
        if left:
            self._reader_left(received)
        else:
            time.sleep(seconds)  # bytes of a next request, not an end
        return left

    def _reader_left(self, received: Received) -> None:
        received.left_at = time.monotonic()
        received.reader_left.set()
        self.close_connection = True


@dataclass
class Reply:
    """What the model says: words, or one call of the first tool offered."""

    text: str | None
    tool: str | None
    arguments: str | None
    usage: dict

    @classmethod
    def to(cls, request: dict) -> Reply:
        messages = request["messages"]
        last = messages[-1]
        tools = request.get("tools") or []
        response_format = request.get("response_format") or {}
        text = tool = arguments = None
        if last["role"] == "tool":
            text = f"The tool said: {_text(last)}"
        elif tools and request.get("tool_choice") != "none":
            function = tools[0]["function"]
            tool = function["name"]
            arguments = json.dumps(example_of(function.get("parameters") or {"type": "object"}))
        elif response_format.get("type") == "json_schema":
            text = json.dumps(example_of(response_format["json_schema"]["schema"]))
        else:
            text = f"You said: {_text(last)}"
        return cls(text, tool, arguments, usage_for(messages, text or arguments or ""))

    @property
    def finish_reason(self) -> str:
        return "tool_calls" if self.tool else "stop"

    def message(self) -> dict:
        if self.tool is None:
            return {"role": "assistant", "content": self.text, "refusal": None}
        return {"role": "assistant", "content": None, "tool_calls": [self._call(self.arguments)]}

    def deltas(self) -> list[dict]:
        if self.tool is None:
            words = [{"content": word} for word in (self.text or "").replace(" ", " \0").split("\0")]
            return [{"role": "assistant", "content": ""}, *words]
        arguments = self.arguments or ""
        pieces = [arguments[start : start + 7] for start in range(0, len(arguments), 7)]
        first = {"role": "assistant", "content": None, "tool_calls": [{"index": 0} | self._call("")]}
        rest = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
        return [first, *rest]

    def _call(self, arguments: str | None) -> dict:
        function = {"name": self.tool, "arguments": arguments}
        return {"id": "call_scripted_1", "type": "function", "function": function}


def usage_for(messages: list[dict], answer: str) -> dict:
    """Counts one token a word; a third of the prompt is said to be cached, a quarter of the answer to be thought."""
    prompt = sum(len(_text(message).split()) for message in messages)
    completion = len(answer.split())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": prompt // 3},
        "completion_tokens_details": {"reasoning_tokens": completion // 4},
    }


def example_of(schema: dict, root: dict | None = None) -> object:
    """Returns a value that satisfies the part of JSON Schema which the official SDK writes."""
    root = schema if root is None else root
    if "$ref" in schema:
        return example_of(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], root)
    match schema.get("type"):
        case "object":
            return {name: example_of(value, root) for name, value in schema.get("properties", {}).items()}
        case "array":
            return [example_of(schema.get("items", {}), root)]
        case "integer":
            return 7
        case "number":
            return 1.5
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "plain words"


def _text(message: dict) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if "text" in part)


def _chunk(model: str, delta: dict | None, finish_reason: str | None = None) -> dict:
    """Makes one chunk; no delta at all means the usage chunk, whose choices are empty."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    head = {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": CREATED, "model": model}
    return head | {"choices": choices}
