"""What the scripted Anthropic answers: messages, whole or as events, with usage that can be counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from anthropic_rules import REDACTED, blocks_of, signature_of
from scripted_upstream import example_of

CACHED = {"read": 2048, "write": 100}
EXPLANATION = "This was not said."
ENDS = {"window": "model_context_window_exceeded", "pause": "pause_turn", "refusal": "refusal"}


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
        results = [b for b in blocks_of(request["messages"][-1]["content"]) if b["type"] == "tool_result"]
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
    answered = any(b["type"] == "tool_result" for b in blocks_of(request["messages"][-1]["content"]))
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
    text = " ".join(inner.get("text", inner["type"]) for inner in blocks_of(block.get("content", [])))
    return f"failed: {text}" if block.get("is_error") else text


def _last_text(request: dict) -> str:
    users = [message for message in request["messages"] if message["role"] == "user"]
    return " ".join(block["text"] for block in blocks_of(users[-1]["content"]) if block["type"] == "text")


def _count(request: dict) -> int:
    contents = [request.get("system", []), *(message["content"] for message in request["messages"])]
    blocks = [block for content in contents for block in blocks_of(content)]
    return sum(len((block.get("text") or _result_text(block)).split()) for block in blocks)
