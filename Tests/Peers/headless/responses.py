"""A scripted model for agents that speaks OpenAI's Responses API."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

from headless.server import AgentUpstream, named, texts
from headless.task import Call, Conversation, Step, Tool, dump, pieces

CREATED = 1_780_000_000
USAGE = {
    "input_tokens": 40,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 52,
}


class AgentResponses(AgentUpstream):
    path = "/v1/responses"

    def read(self, request: dict) -> Conversation:
        items = request["input"] if isinstance(request["input"], list) else []
        said = [request.get("instructions") or "", *(texts(item.get("content")) for item in items)]
        if isinstance(request["input"], str):
            said.append(request["input"])
        conversation = Conversation("\n".join(said))
        _read_tools(request.get("tools") or [], None, conversation)
        for item in items:
            match item.get("type"):
                case "function_call":
                    value = json.loads(item["arguments"])
                    conversation.calls.append(Call(item["name"], value, item.get("namespace"), item["call_id"]))
                case "custom_tool_call":
                    conversation.calls.append(Call(item["name"], item["input"], id=item["call_id"]))
                case "function_call_output" | "custom_tool_call_output":
                    conversation.answer(item["call_id"], texts(item["output"]))
        return conversation

    def whole(self, request: dict, step: Step) -> dict:
        number = len(request["input"])
        output: list[dict] = []
        if step.text:
            part = {"type": "output_text", "text": step.text, "annotations": []}
            output.append({"type": "message", "id": f"msg_{number}", "role": "assistant", "content": [part]})
        if step.call and isinstance(step.call.input, str):
            head = {"type": "custom_tool_call", "id": f"ctc_{number}", "call_id": f"call_{number}"}
            output.append(head | {"name": step.call.name, "input": step.call.input})
        elif step.call:
            head = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}"}
            output.append(head | {"name": step.call.name, "arguments": dump(step.call.input)})
        if step.call and step.call.namespace:
            output[-1]["namespace"] = step.call.namespace
        return {
            "id": f"resp_scripted_{number}",
            "object": "response",
            "created_at": CREATED,
            "status": "completed",
            "model": request["model"],
            "output": [item | {"status": "completed"} for item in output],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "error": None,
            "incomplete_details": None,
            "usage": USAGE,
        }

    def events(self, request: dict, step: Step) -> Iterator[bytes]:
        numbers = itertools.count()
        for event in self._events(self.whole(request, step)):
            yield named(event | {"sequence_number": next(numbers)})

    def _events(self, response: dict) -> Iterator[dict]:
        early = response | {"status": "in_progress", "output": [], "usage": None}
        yield {"type": "response.created", "response": early}
        yield {"type": "response.in_progress", "response": early}
        for index, item in enumerate(response["output"]):
            yield from _item_events({"item_id": item["id"], "output_index": index}, item)
        yield {"type": "response.completed", "response": response}


def _read_tools(tools: list[dict], namespace: str | None, conversation: Conversation) -> None:
    for tool in tools:
        match tool["type"]:
            case "function":
                known = Tool(tool["name"], tool.get("parameters") or {}, namespace=namespace)
                conversation.tools[tool["name"]] = known
            case "custom":
                conversation.tools[tool["name"]] = Tool(tool["name"], takes_text=True, namespace=namespace)
            case "namespace":
                _read_tools(tool["tools"], tool["name"], conversation)


def _item_events(place: dict, item: dict) -> Iterator[dict]:
    index = {"output_index": place["output_index"]}
    member = {"message": "content", "function_call": "arguments", "custom_tool_call": "input"}[item["type"]]
    opened = item | {"status": "in_progress", member: [] if member == "content" else ""}
    yield {"type": "response.output_item.added", "item": opened} | index
    if item["type"] == "message":
        [part] = item["content"]
        place = place | {"content_index": 0}
        yield {"type": "response.content_part.added", "part": part | {"text": ""}} | place
        for piece in pieces(part["text"]):
            yield {"type": "response.output_text.delta", "delta": piece, "logprobs": []} | place
        yield {"type": "response.output_text.done", "text": part["text"], "logprobs": []} | place
        yield {"type": "response.content_part.done", "part": part} | place
    else:
        functions = item["type"] == "function_call"
        kind = "response.function_call_arguments" if functions else "response.custom_tool_call_input"
        for piece in pieces(item[member]):
            yield {"type": f"{kind}.delta", "delta": piece} | place
        yield {"type": f"{kind}.done", member: item[member]} | place
    yield {"type": "response.output_item.done", "item": item} | index
