"""What a server says in each dialect: an answer in pieces, an answer whole, and errors."""

from __future__ import annotations

import json
from dataclasses import dataclass

CREATED = 1_780_000_000
# Names of errors, as the OpenAI dialects and Anthropic's write them: type, code, Anthropic's type, text.
ERRORS = {
    "server": ("server_error", None, "api_error", "Something broke."),
    "overloaded": ("server_error", "overloaded_error", "overloaded_error", "Overloaded"),
    "limit": ("rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "Slow down, please."),
    "quota": ("insufficient_quota", "insufficient_quota", "billing_error", "You exceeded your current quota."),
    "key": ("invalid_request_error", "invalid_api_key", "authentication_error", "Incorrect API key provided."),
    "forbidden": ("invalid_request_error", "forbidden", "permission_error", "Not with this key."),
    "context": (
        "invalid_request_error", "context_length_exceeded", "invalid_request_error",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ),
    "filter": (
        "invalid_request_error", "content_filter", "invalid_request_error",
        "Output blocked by content filtering policy",
    ),
    "model": ("invalid_request_error", "model_not_found", "not_found_error", "model: no such model"),
    "invalid": ("invalid_request_error", "invalid_value", "invalid_request_error", "temperature: not like this"),
}
# What Anthropic calls errors of these statuses, whatever is wrong.
CLAUDE_TYPES = {409: "conflict_error", 413: "request_too_large"}


@dataclass
class Speech:
    """One answer: the events before its content, those with content, those after it; and the same whole."""

    opening: list[bytes]
    contents: list[bytes]
    closing: list[bytes]
    _whole: dict
    dialect: str

    @classmethod
    def of(cls, path: str, words: str, request: dict) -> Speech:
        pieces = words.replace(" ", " \0").split("\0")
        dialect = path.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
        return {"completions": _chat, "messages": _messages, "responses": _responses}[dialect](words, pieces, request)

    def whole(self) -> dict:
        return self._whole

    def error(self, status: int, name: str) -> dict:
        """The body of an error."""
        kind, code, claude, text = ERRORS[name]
        if self.dialect == "messages":
            claude = CLAUDE_TYPES.get(status, claude)
            return {"type": "error", "error": {"type": claude, "message": text}, "request_id": "req_faulty"}
        return {"error": {"message": text, "type": kind, "param": None, "code": code}}

    def error_event(self, name: str) -> bytes:
        """An error in the place of an event."""
        kind, code, _, text = ERRORS[name]
        if self.dialect == "completions":
            return _data(self.error(500, name))
        if self.dialect == "messages":
            return _named(self.error(500, name))
        return _named({"type": "error", "code": code or kind, "message": text, "param": None, "sequence_number": 9})


def _data(value: dict) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _named(value: dict) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


def _chat(words: str, pieces: list[str], request: dict) -> Speech:
    head = {"id": "chatcmpl-faulty", "created": CREATED, "model": request["model"]}
    usage = {"prompt_tokens": 3, "completion_tokens": len(pieces), "total_tokens": 3 + len(pieces)}

    def chunk(delta: dict, finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return _data(head | {"object": "chat.completion.chunk", "choices": choices})

    closing = [chunk({}, "stop")]
    if (request.get("stream_options") or {}).get("include_usage"):
        closing.append(_data(head | {"object": "chat.completion.chunk", "choices": [], "usage": usage}))
    message = {"role": "assistant", "content": words, "refusal": None}
    choices = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
    return Speech(
        [chunk({"role": "assistant", "content": ""})],
        [chunk({"content": piece}) for piece in pieces],
        [*closing, b"data: [DONE]\n\n"],
        head | {"object": "chat.completion", "choices": choices, "usage": usage},
        "completions",
    )


def _messages(words: str, pieces: list[str], request: dict) -> Speech:
    head = {"id": "msg_faulty", "type": "message", "role": "assistant", "model": request["model"]}
    usage = {"input_tokens": 3, "output_tokens": len(pieces)}
    started = head | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage | {"output_tokens": 1}}
    block = {"type": "text", "text": ""}
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    return Speech(
        [
            _named({"type": "message_start", "message": started}),
            _named({"type": "content_block_start", "index": 0, "content_block": block}),
            _named({"type": "ping"}),
        ],
        [
            _named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
            for piece in pieces
        ],
        [
            _named({"type": "content_block_stop", "index": 0}),
            _named({"type": "message_delta", "delta": ended, "usage": {"output_tokens": len(pieces)}}),
            _named({"type": "message_stop"}),
        ],
        head | {"content": [{"type": "text", "text": words}], "usage": usage} | ended,
        "messages",
    )


def _responses(words: str, pieces: list[str], request: dict) -> Speech:
    usage = {
        "input_tokens": 3, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": len(pieces),
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 3 + len(pieces),
    }
    part = {"type": "output_text", "text": words, "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "msg_faulty", "role": "assistant", "status": "completed", "content": [part]}
    whole = {
        "id": "resp_faulty", "object": "response", "created_at": CREATED, "model": request["model"],
        "status": "completed", "output": [item], "usage": usage, "error": None, "incomplete_details": None,
        "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
        "tools": [], "top_p": 1.0,
    }
    early = whole | {"status": "in_progress", "output": [], "usage": None}
    opened = item | {"status": "in_progress", "content": []}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    opening = [
        {"type": "response.created", "response": early},
        {"type": "response.in_progress", "response": early},
        {"type": "response.output_item.added", "output_index": 0, "item": opened},
        {"type": "response.content_part.added", "part": part | {"text": ""}} | place,
    ]
    contents = [{"type": "response.output_text.delta", "delta": piece, "logprobs": []} | place for piece in pieces]
    closing = [
        {"type": "response.output_text.done", "text": words, "logprobs": []} | place,
        {"type": "response.content_part.done", "part": part} | place,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    numbered = [
        _named(event | {"sequence_number": number}) for number, event in enumerate([*opening, *contents, *closing])
    ]
    split, end = len(opening), len(opening) + len(contents)
    return Speech(numbered[:split], numbered[split:end], numbered[end:], whole, "responses")
