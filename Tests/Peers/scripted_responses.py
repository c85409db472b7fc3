"""A small server with OpenAI's Responses API that is as strict as the real one, and does what its model names say.

It answers `POST /v1/responses` over HTTP/1.1, whole or as a stream of named events, keeps what it is not told to
forget, answers `POST /v1/chat/completions` as its plainer neighbour does, and needs the standard library only.

    model       behaviour
    echo        a call of the first tool if tools are offered and none was answered yet, JSON if a schema is asked for,
                else the user's last words; thinks before it when asked to
    parallel    a call of every tool offered
    refuse-400, -401, -404, -429, -500    that status
    broken      `response.failed` after two words
    slow        says nothing for 30 s
    endless     streams a word every 10 ms until the reader leaves
    cut         ends the connection in the middle of its answer

Counting rule, so that a test can check usage exactly: one token a word.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from scripted_server import ScriptedServer
from scripted_upstream import (
    CREATED,
    ENDLESS_S,
    REFUSALS,
    SILENCE_S,
    Received,
    ScriptedUpstream,
    _Handler,
    example_of,
)

# Long enough that what was said before an error is read, and shown, before it.
APART_S = 0.2

TOP = set(
    "model input instructions previous_response_id conversation max_output_tokens max_tool_calls temperature top_p "
    "top_logprobs text reasoning tools tool_choice parallel_tool_calls include store background stream stream_options "
    "truncation context_management prompt metadata service_tier safety_identifier prompt_cache_key "
    "prompt_cache_options prompt_cache_retention user moderation client_metadata".split()
)
PARTS = {
    "user": {"input_text", "input_image", "input_file", "input_audio"},
    "assistant": {"output_text", "refusal"},
    "system": {"input_text"},
    "developer": {"input_text"},
}
CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
OUTPUTS = ("function_call_output", "custom_tool_call_output")


class Refused(Exception):
    """What is wrong with a request."""


def need(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


def seal_of(thought: str) -> str:
    """The encrypted form of a thought; a changed thought does not fit it any more."""
    return "sealed-" + hashlib.sha256(thought.encode()).hexdigest()


class ScriptedResponses(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self.numbers = itertools.count(1)
        self.kept: dict[str, list[dict]] = {}  # the items up to and with an answer, by its id
        self._server = ScriptedServer(_ResponsesHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"


class _ResponsesHandler(_Handler):
    def _answer(self, received: Received, request: dict) -> None:
        upstream: ScriptedResponses = self.server.upstream  # type: ignore[attr-defined]
        if received.path == "/v1/chat/completions":
            return super()._answer(received, request)
        if received.path.split("?")[0] != "/v1/responses":
            return self._send_json(404, {"error": {"message": "Not found", "type": "invalid_request_error"}})
        model, stream = request["model"], request.get("stream")
        if model in REFUSALS:
            return self._refuse(received, model)
        try:
            items = check(request, upstream.kept)
        except Refused as refused:
            error = {"message": str(refused), "type": "invalid_request_error", "param": None, "code": None}
            received.answer = json.dumps({"error": error}).encode()
            return self._send(400, received.answer)
        if model == "slow":
            self._wait(received, SILENCE_S)
            self.close_connection = True
            return
        response = Response.to(request, items, next(upstream.numbers))
        if request.get("store") is not False:
            upstream.kept[response.id] = [*items, *response.output]
        if model == "endless":
            self._stream_words_without_end(received, response)
        elif stream:
            self._stream_events(received, response)
        else:
            self._send_whole(received, response)

    def _send_whole(self, received: Received, response: Response) -> None:
        received.answer = json.dumps(response.whole()).encode()
        if response.model != "cut":
            received.usage = response.usage
            return self._send(200, received.answer)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(received.answer)))
        self.end_headers()
        self.wfile.write(received.answer[: len(received.answer) // 2])
        self._hang_up()

    def _stream_events(self, received: Received, response: Response) -> None:
        self._start_stream()
        deltas = 0
        for number, event in enumerate(response.events()):
            deltas += event["type"].endswith(".delta")
            if deltas == 3 and response.model == "cut":
                return self._hang_up()
            if deltas == 3 and response.model == "broken":
                time.sleep(APART_S)
                error = {"code": "server_error", "message": "The model stumbled."}
                failed = response.whole() | {"status": "failed", "output": [], "usage": None, "error": error}
                self._send_named(received, {"type": "response.failed", "response": failed}, number)
                return self._send_chunk(received, b"")
            self._send_named(received, event, number)
        received.usage = response.usage
        self._send_chunk(received, b"")

    def _stream_words_without_end(self, received: Received, response: Response) -> None:
        self._start_stream()
        events = list(response.events())
        opening = [event for event in events[:4] if not event["type"].endswith(".delta")]
        delta = next(event for event in events if event["type"].endswith(".delta")) | {"delta": "word "}
        for number, event in enumerate(opening):
            self._send_named(received, event, number)
        end = time.monotonic() + ENDLESS_S
        for number in itertools.count(len(opening)):
            if time.monotonic() > end or self._wait(received, 0.01):
                break
            self._send_named(received, delta, number)
        self.close_connection = True

    def _send_named(self, received: Received, event: dict, number: int) -> None:
        data = json.dumps(event | {"sequence_number": number}, separators=(",", ":"), ensure_ascii=False)
        self._send_chunk(received, f"event: {event['type']}\ndata: {data}\n\n".encode())


# What the API refuses


def check(request: dict, kept: dict[str, list[dict]]) -> list[dict]:
    """Checks a request as the API reference describes it, and returns all items the model sees.

    Raises: Refused, with the words of a 400.
    """
    for name in request:
        need(name in TOP, f"Unknown parameter: '{name}'.")
    need("input" in request, "Missing required parameter: 'input'.")
    need(not request.get("background"), "background is not scripted")
    items = request["input"]
    if isinstance(items, str):
        items = [{"type": "message", "role": "user", "content": items}]
    for item in items:
        _check_item(item)
    if before := request.get("previous_response_id"):
        need(before in kept, f"Previous response with id '{before}' not found.")
        items = [*kept[before], *items]
    calls = {item["call_id"] for item in items if item.get("type") in CALLS}
    answered = [item["call_id"] for item in items if item.get("type") in OUTPUTS]
    need(set(answered) <= calls, "No tool call found for function call output")
    need(calls <= set(answered), "No tool output found for function call")
    for tool in request.get("tools") or []:
        _check_tool(tool)
    return items


def _check_item(item: dict) -> None:
    kind = item.get("type", "message")
    if kind == "message":
        parts = item["content"]
        for part in [] if isinstance(parts, str) else parts:
            allowed = PARTS[item["role"]]
            need(part["type"] in allowed, f"Invalid value: '{part['type']}' in a message of '{item['role']}'.")
    elif kind in CALLS:
        need(isinstance(item.get(CALLS[kind]), str), f"Invalid type for '{CALLS[kind]}': expected a string.")
        need(item.get("call_id") and item.get("name"), "Missing required parameter of a call.")
    elif kind == "reasoning":
        thought = "".join(part["text"] for part in item["summary"])
        sealed = item.get("encrypted_content")
        need(sealed in (None, seal_of(thought)), "The encrypted content could not be verified.")
    else:
        need(kind in OUTPUTS, f"Invalid value: '{kind}'.")


def _check_tool(tool: dict) -> None:
    kind = tool.get("type")
    need(kind in ("function", "custom", "namespace", "web_search", "tool_search"), f"Invalid tool type: '{kind}'.")
    if kind == "function":
        need("function" not in tool and tool.get("name"), "Missing required parameter: 'tools[0].name'.")
        parameters = tool.get("parameters") or {}
        # Left out, it asks for strictness only as far as the schema allows.
        if tool.get("strict") is True and parameters:
            every = set(parameters.get("required", [])) == set(parameters.get("properties", {}))
            closed = parameters.get("additionalProperties") is False
            need(every and closed, "Invalid schema for function: strict needs every property required and no others.")


# What it answers


@dataclass
class Response:
    """What the model says, as items."""

    id: str
    model: str
    request: dict
    output: list[dict]
    read: int
    status: str = "completed"
    incomplete: dict | None = field(default=None)

    @classmethod
    def to(cls, request: dict, items: list[dict], number: int) -> Response:
        response = cls(f"resp_{number:032x}", request["model"], request, [], _words(request, items))
        reasoning = request.get("reasoning") or {}
        if reasoning.get("effort") not in (None, "none"):
            thought = f"I think about: {_last_text(items)}"
            summary = [{"type": "summary_text", "text": thought}] if reasoning.get("summary") else []
            item = {"type": "reasoning", "id": f"rs_{number}", "summary": summary}
            response.output.append(item | {"encrypted_content": seal_of(thought if summary else "")})
        calls = _calls(request, items, number)
        if calls:
            response.output += calls
        else:
            response._say(request, items, number)
        return response

    def _say(self, request: dict, items: list[dict], number: int) -> None:
        form = (request.get("text") or {}).get("format") or {}
        results = [item for item in items if item.get("type") in OUTPUTS]
        if items[-1].get("type") in OUTPUTS:
            text = "The tools said: " + " | ".join(_text(result["output"]) for result in results)
        elif form.get("type") == "json_schema":
            text = json.dumps(example_of(form["schema"]))
        else:
            text = f"You said: {_last_text(items)}"
        words = _pieces(text)
        if len(words) > (limit := request.get("max_output_tokens") or len(words)):
            text = "".join(words[:limit])
            self.status, self.incomplete = "incomplete", {"reason": "max_output_tokens"}
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        self.output.append(
            {"type": "message", "id": f"msg_{number}", "status": self.status, "role": "assistant", "content": [part]}
        )

    @property
    def usage(self) -> dict:
        thoughts = [part["text"] for item in self.output for part in item.get("summary", [])]
        said = [part["text"] for item in self.output if item["type"] == "message" for part in item["content"]]
        called = [item[CALLS[item["type"]]] for item in self.output if item["type"] in CALLS]
        thinking = sum(len(text.split()) for text in thoughts)
        written = thinking + sum(len(text.split()) for text in said + called)
        return {
            "input_tokens": self.read,
            "input_tokens_details": {"cached_tokens": self.read // 3, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": thinking},
            "total_tokens": self.read + written,
        }

    def whole(self) -> dict:
        request = self.request
        return {
            "id": self.id,
            "object": "response",
            "created_at": CREATED,
            "status": self.status,
            "background": False,
            "error": None,
            "incomplete_details": self.incomplete,
            "instructions": request.get("instructions"),
            "max_output_tokens": request.get("max_output_tokens"),
            "model": self.model,
            "output": self.output,
            "parallel_tool_calls": request.get("parallel_tool_calls", True),
            "previous_response_id": request.get("previous_response_id"),
            "reasoning": request.get("reasoning") or {"effort": None, "summary": None},
            "store": request.get("store", True),
            "temperature": 1.0,
            "text": request.get("text") or {"format": {"type": "text"}},
            "tool_choice": request.get("tool_choice", "auto"),
            "tools": request.get("tools") or [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": self.usage,
            "metadata": request.get("metadata") or {},
            "scripted_extra": {"kept": True},
        }

    def events(self) -> Iterator[dict]:
        early = self.whole() | {"status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
        yield {"type": "response.created", "response": early}
        yield {"type": "response.in_progress", "response": early}
        for index, item in enumerate(self.output):
            yield from _item_events(item, index)
        yield {"type": f"response.{self.status}", "response": self.whole()}


def _item_events(item: dict, index: int) -> Iterator[dict]:
    place = {"item_id": item["id"], "output_index": index}
    member = {"message": "content", "reasoning": "summary"}.get(item["type"]) or CALLS[item["type"]]
    opened = item | {member: "" if item["type"] in CALLS else []}
    if "status" in item:
        opened["status"] = "in_progress"
    yield {"type": "response.output_item.added", "output_index": index, "item": opened}
    if item["type"] == "message":
        [part] = item["content"]
        inner = place | {"content_index": 0}
        yield {"type": "response.content_part.added", "part": part | {"text": ""}} | inner
        for piece in _pieces(part["text"]):
            yield {"type": "response.output_text.delta", "delta": piece, "logprobs": []} | inner
        yield {"type": "response.output_text.done", "text": part["text"], "logprobs": []} | inner
        yield {"type": "response.content_part.done", "part": part} | inner
    elif item["type"] == "reasoning":
        for number, part in enumerate(item["summary"]):
            inner = place | {"summary_index": number}
            yield {"type": "response.reasoning_summary_part.added", "part": part | {"text": ""}} | inner
            for piece in _pieces(part["text"]):
                yield {"type": "response.reasoning_summary_text.delta", "delta": piece} | inner
            yield {"type": "response.reasoning_summary_text.done", "text": part["text"]} | inner
            yield {"type": "response.reasoning_summary_part.done", "part": part} | inner
    else:
        kind = {"arguments": "function_call_arguments", "input": "custom_tool_call_input"}[member]
        text = item[member]
        for start in range(0, len(text), 7):
            yield {"type": f"response.{kind}.delta", "delta": text[start : start + 7]} | place
        yield {"type": f"response.{kind}.done", member: text} | place
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _calls(request: dict, items: list[dict], number: int) -> list[dict]:
    tools = [tool for tool in request.get("tools") or [] if tool["type"] in ("function", "custom")]
    choice = request.get("tool_choice") or "auto"
    if not tools or choice == "none" or items[-1].get("type") in OUTPUTS:
        return []
    if isinstance(choice, dict):
        tools = [tool for tool in tools if tool["name"] == choice["name"]]
    elif request["model"] != "parallel" or request.get("parallel_tool_calls") is False:
        tools = tools[:1]
    made = []
    for index, tool in enumerate(tools):
        head = {"status": "completed", "call_id": f"call_{number}_{index}", "name": tool["name"]}
        if tool["type"] == "custom":
            made.append({"type": "custom_tool_call", "id": f"ctc_{number}_{index}", "input": "plain words"} | head)
        else:
            arguments = json.dumps(example_of(tool.get("parameters") or {"type": "object"}))
            made.append({"type": "function_call", "id": f"fc_{number}_{index}", "arguments": arguments} | head)
    return made


def _pieces(text: str) -> list[str]:
    return text.replace(" ", " \0").split("\0") if text else []


def _text(content: object) -> str:
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content or [])


def _last_text(items: list[dict]) -> str:
    users = [item for item in items if item.get("role") == "user"]
    return _text(users[-1]["content"]).strip() if users else ""


def _words(request: dict, items: list[dict]) -> int:
    said = [request.get("instructions") or "", *(_text(item.get("content") or item.get("output")) for item in items)]
    return sum(len(text.split()) for text in said)
