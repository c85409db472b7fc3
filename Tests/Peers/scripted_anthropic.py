"""A small server with Anthropic's Messages API that is as strict as the real one, and does what its model names say.

Long because: one server whose strict checks belong to one request.

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

import base64
import binascii
import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field

from scripted_upstream import ENDLESS_S, SILENCE_S, Received, ScriptedUpstream, _Handler, _Server, example_of

VERSIONS = ("2023-06-01", "2026-10-21")
CACHED = {"read": 2048, "write": 100}
EXPLANATION = "This was not said."
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
ENDS = {"window": "model_context_window_exceeded", "pause": "pause_turn", "refusal": "refusal"}

# The members of the request and of its blocks; whatever else is sent is refused, as the real API does.
TOP = set(
    "model max_tokens messages system stop_sequences stream temperature top_p top_k thinking output_config tools "
    "tool_choice metadata service_tier cache_control container inference_geo diagnostics".split()
)
BLOCKS = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "transformations", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
    "tool_use": {"id", "name", "input", "caller", "cache_control"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}
PLACES = {
    "user": {"text", "image", "document", "tool_result"},
    "assistant": {"text", "tool_use", "thinking", "redacted_thinking"},
    "system": {"text"},
    "tool_result": {"text", "image", "document"},
}
TOOL = set("name description input_schema type strict input_examples cache_control".split())
IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Refused(Exception):
    """What is wrong with a request."""


def need(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


def signature_of(thinking: str) -> str:
    """The seal of a text; a changed text does not fit it any more."""
    return base64.b64encode(hashlib.sha256(b"scripted" + thinking.encode()).digest()).decode()


REDACTED = signature_of("redacted")


class ScriptedAnthropic(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self, key: str) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self.key = key
        self._server = _Server(("127.0.0.1", 0), _AnthropicHandler)
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


# What the API refuses


def check(request: dict, headers: dict[str, str]) -> None:
    """Checks a request as the API reference describes it.

    Raises: Refused, with the words of a 400.
    """
    version = headers.get("anthropic-version")
    need(version, "anthropic-version: header is required")
    need(version in VERSIONS, f"anthropic-version: {version} is not a valid version")
    for name in request:
        need(name in TOP, f"{name}: Extra inputs are not permitted")
    for name in ("model", "max_tokens", "messages"):
        need(name in request, f"{name}: Field required")
    for name, value in request.items():
        need(value is not None, f"{name}: Input should not be null")
    limit = request["max_tokens"]
    need(isinstance(limit, int) and not isinstance(limit, bool) and limit > 0, "max_tokens: Input should be positive")
    for text in request.get("stop_sequences", []):
        need(text.strip(), "stop_sequences: each stop sequence must contain non-whitespace")
    need(set(request.get("metadata", {})) <= {"user_id"}, "metadata: Extra inputs are not permitted")
    need(request.get("service_tier", "auto") in ("auto", "standard_only"), "service_tier: unknown value")
    _check_sampling(request, version)
    _check_tools(request)
    _check_thinking(request)
    for block in _blocks(request.get("system", [])):
        _check_block(block, "system")
    need(request.get("system") != "", "system: text content blocks must be non-empty")
    _check_messages(request)


def _check_sampling(request: dict, version: str) -> None:
    model = request["model"]
    given = [name for name in ("temperature", "top_p", "top_k") if name in request]
    if version == "2026-10-21":
        need(not given, f"{', '.join(given)}: Extra inputs are not permitted")
    if model == "claude-opus-5-1":
        need(not given, f"`{', '.join(given)}` is deprecated for this model.")
    if model == "claude-sonnet-4-5":
        both = "temperature" in given and "top_p" in given
        need(not both, "`temperature` and `top_p` cannot both be specified for this model.")
    need(0 <= request.get("temperature", 0) <= 1, "temperature: range: 0..1")
    need(0 <= request.get("top_p", 0) <= 1, "top_p: range: 0..1")
    need(isinstance(request.get("top_k", 0), int), "top_k: Input should be a valid integer")


def _check_tools(request: dict) -> None:
    tools = request.get("tools", [])
    names = set()
    for tool in tools:
        for name in tool:
            need(name in TOOL, f"tools.{name}: Extra inputs are not permitted")
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]), "tools.name: String should match pattern")
        need(tool["name"] not in names, "tools: Tool names must be unique.")
        names.add(tool["name"])
        need("description" not in tool or isinstance(tool["description"], str), "tools.description: not a string")
        schema = tool.get("input_schema")
        need(isinstance(schema, dict) and schema.get("type") == "object", "tools.input_schema.type: Field required")
        if tool.get("strict"):
            _check_schema(schema)
    choice = request.get("tool_choice")
    if choice is not None:
        need(tools, "tool_choice may only be specified while providing tools")
        kind = choice.get("type")
        fields = {"auto": set(), "any": set(), "tool": {"name"}, "none": set()}
        need(kind in fields, "tool_choice.type: unknown")
        allowed = {"type"} | fields[kind] | (set() if kind == "none" else {"disable_parallel_tool_use"})
        need(set(choice) <= allowed, "tool_choice: Extra inputs are not permitted")
        if kind == "tool":
            need(choice.get("name") in names, f"Tool '{choice.get('name')}' not found in provided tools")
    used = [b for m in request["messages"] for b in _blocks(m["content"]) if b["type"].startswith("tool_")]
    need(tools or not used, "Requests which include `tool_use` or `tool_result` blocks must define tools")


def _check_thinking(request: dict) -> None:
    config = request.get("output_config", {})
    need(set(config) <= {"effort", "format"}, "output_config: Extra inputs are not permitted")
    if "effort" in config:
        need(config["effort"] in ("low", "medium", "high", "xhigh", "max"), "output_config.effort: unknown value")
    if (form := config.get("format")) is not None:
        need(set(form) == {"type", "schema"} and form["type"] == "json_schema", "output_config.format: invalid")
        _check_schema(form["schema"])
    thinking = request.get("thinking")
    if thinking is None:
        return
    kind = thinking.get("type")
    fields = {"adaptive": {"display"}, "enabled": {"budget_tokens", "display"}, "disabled": set()}
    need(kind in fields and set(thinking) <= fields[kind] | {"type"}, "thinking: invalid")
    if kind == "enabled":
        need(request["model"] != "claude-opus-5-1", "thinking.type.enabled is not supported for this model")
        need(thinking.get("budget_tokens", 0) >= 1024, "thinking.budget_tokens: Input should be at least 1024")
        need(thinking["budget_tokens"] < request["max_tokens"], "max_tokens must exceed thinking.budget_tokens")
    if kind == "adaptive":
        need(request["model"] != "claude-sonnet-4-5", "adaptive thinking is not supported on this model")
    if kind != "disabled":
        forced = request.get("tool_choice", {}).get("type") in ("any", "tool")
        need(not forced, "Thinking may not be enabled when tool_choice forces tool use.")
        need(request.get("temperature", 1) == 1, "`temperature` may only be set to 1 when thinking is enabled")
        need("top_k" not in request, "`top_k` must be unset when thinking is enabled")
        need(request.get("top_p", 1) >= 0.95, "`top_p` must be at least 0.95 when thinking is enabled")


def _check_schema(schema: object) -> None:
    """Refuses what structured output does not know."""
    if isinstance(schema, list):
        for element in schema:
            _check_schema(element)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        need(schema.get("additionalProperties") is False, "schema: 'additionalProperties' must be explicitly false")
    for name, value in schema.items():
        unknown = ("oneOf", "pattern", "minimum", "maximum", "minLength", "maxLength", "maxItems", "multipleOf")
        need(name not in unknown, f"schema: '{name}' is not supported")
        if name in ("properties", "$defs"):
            for inner in value.values():
                _check_schema(inner)
        elif name in ("items", "anyOf", "allOf"):
            _check_schema(value)


def _check_messages(request: dict) -> None:
    messages = request["messages"]
    need(isinstance(messages, list) and messages, "messages: at least one message is required")
    merged: list[dict] = []
    for index, message in enumerate(messages):
        need(set(message) <= {"role", "content"}, f"messages.{index}: Extra inputs are not permitted")
        role = message.get("role")
        need(role in ("user", "assistant", "system"), f"messages.{index}.role: unknown role")
        blocks = _blocks(message.get("content"))
        is_last_assistant = role == "assistant" and index == len(messages) - 1
        need(blocks or is_last_assistant, f"messages.{index}: all messages must have non-empty content")
        for block in blocks:
            _check_block(block, role)
        if role == "system":
            need(request["model"] != "claude-sonnet-4-5", "role 'system' is not supported on this model")
            need(index and messages[index - 1]["role"] == "user", "a system message must follow a user message")
            following = messages[index + 1 : index + 2]
            need(not following or following[0]["role"] == "assistant", "a system message must end the turn")
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] = merged[-1]["content"] + blocks
        else:
            merged.append({"role": role, "content": blocks})
    need(merged[0]["role"] == "user", "messages: first message must use the user role")
    if merged[-1]["role"] == "assistant":
        need(request["model"] != "claude-opus-5-1", "This model does not support assistant message prefill.")
        last = merged[-1]["content"][-1:]
        text = last[0].get("text", "") if last else ""
        need(text == text.rstrip(), "final assistant content cannot end with trailing whitespace")
    _check_results([message for message in merged if message["role"] != "system"])
    _check_replayed_thinking(request, merged)


def _check_results(merged: list[dict]) -> None:
    seen: set[str] = set()
    for index, message in enumerate(merged):
        calls = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        need(len(set(calls)) == len(calls) and not seen & set(calls), "`tool_use` ids must be unique")
        seen |= set(calls)
        following = merged[index + 1]["content"] if index + 1 < len(merged) else []
        results = [block["tool_use_id"] for block in following if block["type"] == "tool_result"]
        need(set(calls) <= set(results), "`tool_use` ids were found without `tool_result` blocks immediately after")
        need(set(results) <= set(calls) or message["role"] == "user", "unexpected `tool_use_id` in `tool_result`")
        need(len(set(results)) == len(results), "each tool_use must have a single result")
        kinds = [block["type"] == "tool_result" for block in message["content"]]
        need(kinds == sorted(kinds, reverse=True), "`tool_result` blocks must come first in the message")
    first = [block["type"] for block in merged[0]["content"]]
    need("tool_result" not in first, "unexpected `tool_use_id` in `tool_result`: no call before it")


def _check_replayed_thinking(request: dict, merged: list[dict]) -> None:
    if request.get("thinking", {}).get("type") not in ("enabled", "adaptive") or len(merged) < 2:
        return
    pending = merged[-2]["content"] if merged[-1]["role"] == "user" else []
    if any(block["type"] == "tool_use" for block in pending) and request["thinking"]["type"] == "enabled":
        first = pending[0]["type"]
        wanted = ("thinking", "redacted_thinking")
        need(first in wanted, f"Expected `thinking` or `redacted_thinking`, but found `{first}`.")


def _check_block(block: dict, place: str) -> None:
    kind = block.get("type")
    allowed = PLACES[place]
    need(kind in allowed, f"`{kind}` blocks are not permitted in a message of the role `{place}`")
    for name in set(block) - {"type"}:
        need(name in BLOCKS[kind], f"{kind}.{name}: Extra inputs are not permitted")
        need(block[name] is not None, f"{kind}.{name}: Input should not be null")
    if kind == "text":
        need(isinstance(block.get("text"), str), "text.text: Field required")
        need(block["text"].strip(), "text content blocks must be non-empty")
    elif kind == "tool_use":
        need(re.fullmatch(r"[a-zA-Z0-9_-]+", block.get("id", "")), "tool_use.id: String should match pattern")
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", block.get("name", "")), "tool_use.name: should match pattern")
        need(isinstance(block.get("input"), dict), "tool_use.input: Input should be a valid dictionary")
    elif kind == "tool_result":
        need(isinstance(block.get("tool_use_id"), str), "tool_result.tool_use_id: Field required")
        for inner in _blocks(block.get("content", [])):
            if inner != {"type": "text", "text": block.get("content")}:
                _check_block(inner, "tool_result")
    elif kind == "thinking":
        genuine = block.get("signature") == signature_of(block.get("thinking", ""))
        need(genuine, "Invalid `signature` in `thinking` block")
    elif kind == "redacted_thinking":
        need(block.get("data") == REDACTED, "Invalid `data` in `redacted_thinking` block")
    elif kind in ("image", "document"):
        _check_source(block.get("source") or {}, kind)


def _check_source(source: dict, kind: str) -> None:
    match source.get("type"):
        case "base64":
            need(set(source) == {"type", "media_type", "data"}, "source: Extra inputs are not permitted")
            types = IMAGES if kind == "image" else ("application/pdf",)
            need(source["media_type"] in types, "source.media_type: not supported")
            try:
                need(base64.b64decode(source["data"], validate=True), "source.data: empty")
            except binascii.Error:
                raise Refused("source.data: invalid base64 data") from None
        case "url":
            need(set(source) == {"type", "url"}, "source: Extra inputs are not permitted")
            need(source["url"].startswith("https://"), "Only HTTPS URLs are supported.")
        case "text":
            need(kind == "document" and source["media_type"] == "text/plain", "source: invalid")
        case _:
            raise Refused("source.type: unknown")


def _blocks(content: object) -> list[dict]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    need(isinstance(content, list), "content: Input should be a string or a list")
    return content


# What it answers


@dataclass
class Message:
    """What the model says, and why it stops."""

    content: list[dict]
    input_tokens: int
    stop_reason: str
    stop_sequence: str | None = None
    cache_read: int = 0
    cache_write: int = 0
    stop_details: dict | None = field(default=None)

    @classmethod
    def to(cls, request: dict) -> Message:
        model = request["model"]
        message = cls([], _count(request), ENDS.get(model, "end_turn"))
        if model == "cached":
            message.cache_read, message.cache_write = CACHED["read"], CACHED["write"]
        if model == "refusal":
            message.stop_details = {"type": "refusal", "category": None, "explanation": EXPLANATION}
            return message
        if model == "empty":
            return message
        if model == "redacted":
            message.content.append({"type": "redacted_thinking", "data": REDACTED})
        if model == "omitted":
            message.content.append({"type": "thinking", "thinking": "", "signature": signature_of("")})
        if request.get("thinking", {}).get("type") in ("enabled", "adaptive"):
            thought = f"I think about: {_last_text(request)}"
            message.content.append({"type": "thinking", "thinking": thought, "signature": signature_of(thought)})
        if calls := _calls(request):
            if model == "parallel":
                message.content.append({"type": "text", "text": "Looking."})
            message.content += calls
            message.stop_reason = "tool_use"
        else:
            message._say(request)
        return message

    def _say(self, request: dict) -> None:
        results = [b for b in _blocks(request["messages"][-1]["content"]) if b["type"] == "tool_result"]
        form = request.get("output_config", {}).get("format")
        if results:
            text = "The tools said: " + " | ".join(_result_text(result) for result in results)
        elif form:
            text = json.dumps(example_of(form["schema"]))
        else:
            text = f"You said: {_last_text(request)}"
        for stop in request.get("stop_sequences", []):
            if stop in text:
                text = text[: text.index(stop)]
                self.stop_reason, self.stop_sequence = "stop_sequence", stop
        words = _pieces(text)
        if len(words) > request["max_tokens"]:
            text = "".join(words[: request["max_tokens"]])
            self.stop_reason, self.stop_sequence = "max_tokens", None
        self.content.append({"type": "text", "text": text})

    @property
    def usage(self) -> dict:
        thinking = sum(len(block.get("thinking", "").split()) for block in self.content)
        said = sum(len(block.get("text", "").split()) for block in self.content)
        called = sum(len(json.dumps(block["input"]).split()) for block in self.content if "input" in block)
        return self._input_usage | {
            "output_tokens": thinking + said + called,
            "output_tokens_details": {"thinking_tokens": thinking},
        }

    @property
    def _input_usage(self) -> dict:
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_write,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation": {"ephemeral_5m_input_tokens": self.cache_write, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard",
        }

    def whole(self, model: str) -> dict:
        return {
            "id": "msg_scripted",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": self.content,
            "stop_reason": self.stop_reason,
            "stop_sequence": self.stop_sequence,
            "stop_details": self.stop_details,
            "usage": self.usage,
        }

    def events(self, model: str) -> list[dict]:
        start = self.whole(model) | {"content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
        start["usage"] = self._input_usage | {"output_tokens": 1}
        events: list[dict] = [{"type": "message_start", "message": start}]
        for index, block in enumerate(self.content):
            opened, deltas = _opened(block, model)
            events.append({"type": "content_block_start", "index": index, "content_block": opened})
            events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            events.append({"type": "content_block_stop", "index": index})
        end = {"stop_reason": self.stop_reason, "stop_sequence": self.stop_sequence}
        if self.stop_details:
            end["stop_details"] = self.stop_details
        usage = {name: self.usage[name] for name in ("output_tokens", "output_tokens_details")}
        return [*events, {"type": "message_delta", "delta": end, "usage": usage}, {"type": "message_stop"}]


def _opened(block: dict, model: str) -> tuple[dict, list[dict]]:
    """A block as its stream begins, and the deltas that fill it."""
    match block["type"]:
        case "text":
            return block | {"text": ""}, [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
        case "thinking":
            pieces = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
            seal = {"type": "signature_delta", "signature": block["signature"]}
            return block | {"thinking": "", "signature": ""}, [*pieces, seal]
        case "tool_use":
            if model == "bare-call":
                return block, []
            text = json.dumps(block["input"])
            pieces = ["", *(text[start : start + 7] for start in range(0, len(text), 7))]
            return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case _:
            return block, []


def _calls(request: dict) -> list[dict]:
    tools = request.get("tools", [])
    choice = request.get("tool_choice", {"type": "auto"})
    answered = any(b["type"] == "tool_result" for b in _blocks(request["messages"][-1]["content"]))
    if not tools or choice["type"] == "none" or answered:
        return []
    if choice["type"] == "tool":
        tools = [tool for tool in tools if tool["name"] == choice["name"]]
    elif request["model"] != "parallel" or choice.get("disable_parallel_tool_use"):
        tools = tools[:1]
    made = []
    for number, tool in enumerate(tools, len(request["messages"])):
        value = {} if request["model"] == "bare-call" else example_of(tool["input_schema"])
        made.append({"type": "tool_use", "id": f"toolu_scripted_{number}", "name": tool["name"], "input": value})
    return made


def _pieces(text: str) -> list[str]:
    return text.replace(" ", " \0").split("\0") if text else []


def _result_text(block: dict) -> str:
    text = " ".join(inner.get("text", inner["type"]) for inner in _blocks(block.get("content", [])))
    return f"failed: {text}" if block.get("is_error") else text


def _last_text(request: dict) -> str:
    users = [message for message in request["messages"] if message["role"] == "user"]
    return " ".join(block["text"] for block in _blocks(users[-1]["content"]) if block["type"] == "text")


def _count(request: dict) -> int:
    contents = [request.get("system", []), *(message["content"] for message in request["messages"])]
    blocks = [block for content in contents for block in _blocks(content)]
    return sum(len((block.get("text") or _result_text(block)).split()) for block in blocks)
