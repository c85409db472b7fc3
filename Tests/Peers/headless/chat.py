"""A scripted model for agents that speaks OpenAI's chat completions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from headless.server import AgentUpstream, texts
from headless.task import Call, Conversation, Step, Tool, dump, pieces

CREATED = 1_780_000_000
USAGE = {"prompt_tokens": 40, "completion_tokens": 12, "total_tokens": 52}


class AgentChat(AgentUpstream):
    path = "/v1/chat/completions"

    def read(self, request: dict) -> Conversation:
        spoken = [message for message in request["messages"] if message["role"] != "tool"]
        conversation = Conversation("\n".join(texts(message.get("content")) for message in spoken))
        for tool in request.get("tools") or []:
            function = tool[tool["type"]]
            name = function["name"]
            conversation.tools[name] = Tool(name, function.get("parameters") or {}, tool["type"] == "custom")
        for message in request["messages"]:
            for made in message.get("tool_calls") or []:
                function = made[made["type"]]
                value = json.loads(function["arguments"]) if made["type"] == "function" else function["input"]
                conversation.calls.append(Call(function["name"], value, id=made["id"]))
            if message["role"] == "tool":
                conversation.answer(message["tool_call_id"], texts(message["content"]))
        return conversation

    def whole(self, request: dict, step: Step) -> dict:
        message: dict = {"role": "assistant", "content": step.text or None}
        if step.call:
            message["tool_calls"] = [self._call(request, step.call)]
        finish = "tool_calls" if step.call else "stop"
        return {
            "id": f"chatcmpl-scripted-{len(request['messages'])}",
            "object": "chat.completion",
            "created": CREATED,
            "model": request["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": USAGE,
        }

    def events(self, request: dict, step: Step) -> Iterator[bytes]:
        yield self._chunk(request, {"role": "assistant", "content": ""})
        for piece in pieces(step.text):
            yield self._chunk(request, {"content": piece})
        if step.call:
            call = self._call(request, step.call)
            inner, member = (call["type"], "arguments" if call["type"] == "function" else "input")
            opened = call | {"index": 0, inner: call[inner] | {member: ""}}
            yield self._chunk(request, {"tool_calls": [opened]})
            for piece in pieces(call[inner][member]):
                yield self._chunk(request, {"tool_calls": [{"index": 0, inner: {member: piece}}]})
        yield self._chunk(request, {}, "tool_calls" if step.call else "stop")
        if (request.get("stream_options") or {}).get("include_usage"):
            yield self._chunk(request, None)
        yield b"data: [DONE]\n\n"

    def _call(self, request: dict, call: Call) -> dict:
        id = f"call_scripted_{len(request['messages'])}"
        if isinstance(call.input, str):
            return {"id": id, "type": "custom", "custom": {"name": call.name, "input": call.input}}
        return {"id": id, "type": "function", "function": {"name": call.name, "arguments": dump(call.input)}}

    def _chunk(self, request: dict, delta: dict | None, finish: str | None = None) -> bytes:
        """Makes one chunk; no delta at all means the usage chunk, whose choices are empty."""
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        id = f"chatcmpl-scripted-{len(request['messages'])}"
        head = {"id": id, "object": "chat.completion.chunk", "created": CREATED}
        chunk = head | {"model": request["model"], "choices": choices}
        if delta is None:
            chunk["usage"] = USAGE
        return f"data: {dump(chunk)}\n\n".encode()
