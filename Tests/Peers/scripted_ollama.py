"""A small server with Ollama's own chat API, which does what its model names say.

It answers `POST /api/chat` and `/api/generate` over HTTP/1.1, whole or as lines of JSON, and `GET /api/version`,
`/api/tags` and `/v1/models`, by which an Ollama is recognised. It needs the standard library only. It is stricter than Ollama in one
point: members that Ollama would pass over without a word are refused, so that none is sent by mistake.

    model        behaviour
    echo         a call of the first tool if tools are offered and the last message is no result, JSON if a schema is
                 asked for, else the user's last words; cannot think
    parallel     a call of every tool offered
    no-ids       like echo, its calls have no ids, as in old versions
    thinker      thinks before it answers, unless told not to
    refuse-400   the prompt does not fit            refuse-404   the model is not installed
    refuse-500   the model cannot be loaded         refuse-503   the queue is full
    broken       a line with an error after two words; 500 when it does not stream
    slow         says nothing for 30 s              endless      streams a word every 10 ms until the reader leaves
    cut          ends the connection in the middle of its answer

Counting rule, so that a test can check usage exactly: one token a word.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from dataclasses import dataclass

from scripted_server import ScriptedServer
from scripted_upstream import CREATED, ENDLESS_S, SILENCE_S, Received, ScriptedUpstream, _Handler, example_of

CREATED_AT = "2026-05-28T20:26:40.123456789Z"
MODELS = ("echo:latest", "parallel:latest", "no-ids:latest", "thinker:latest")
THOUGHT = "let me see"
# Long enough that what was said before an error is read, and shown, before it.
APART_S = 0.2
BROKEN = "an error was encountered while running the model: CUDA error"

REFUSALS = {
    "refuse-400": (400, "request (40 tokens) exceeds the available context size (8 tokens), try increasing it"),
    "refuse-404": (404, "model 'refuse-404' not found"),
    "refuse-500": (500, "llama runner process has terminated: exit status 2"),
    "refuse-503": (503, "server busy, please try again.  maximum pending requests exceeded"),
}

TOP = set("model messages tools format think options stream keep_alive truncate shift logprobs top_logprobs".split())
MESSAGE = set("role content images thinking tool_calls tool_name tool_call_id".split())
INTEGERS = set("num_ctx num_predict num_keep seed top_k repeat_last_n".split())
NUMBERS = set("temperature top_p min_p typical_p repeat_penalty presence_penalty frequency_penalty".split())


class ScriptedOllama(ScriptedUpstream):
    """Runs the server on a free loopback port for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._server = ScriptedServer(_OllamaHandler)
        self._server.upstream = self  # type: ignore[attr-defined]
        self.port = self._server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}"


class Refused(Exception):
    """What is wrong with a request."""


def need(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


class _OllamaHandler(_Handler):
    def do_GET(self) -> None:
        match self.path:
            case "/api/version":
                self._send_json(200, {"version": "0.12.6"})
            case "/api/tags":
                self._send_json(200, {"models": [{"name": name, "model": name, "size": 1} for name in MODELS]})
            case "/v1/models":
                models = [{"id": n, "object": "model", "created": CREATED, "owned_by": "library"} for n in MODELS]
                self._send_json(200, {"object": "list", "data": models})
            case _:
                self._send_json(404, {"error": "not found"})

    def _answer(self, received: Received, request: dict) -> None:
        self._generates = received.path == "/api/generate"
        if received.path not in ("/api/chat", "/api/generate"):
            return self._refuse_with(received, 404, "not found")
        try:
            if self._generates:
                request = as_chat(request)
            check(request)
        except Refused as refused:
            return self._refuse_with(received, 400, str(refused))
        model = request["model"].removesuffix(":latest")
        stream = request.get("stream", True)
        if model in REFUSALS:
            self._refuse_with(received, *REFUSALS[model])
        elif model == "broken" and not stream:
            self._refuse_with(received, 500, BROKEN)
        elif model == "slow":
            self._wait(received, SILENCE_S)
            self.close_connection = True
        elif model == "endless":
            self._stream_lines_without_end(received, request["model"])
        elif stream:
            self._stream_lines(received, model, request)
        else:
            self._send_answer(received, model, request)

    def _refuse_with(self, received: Received, status: int, message: str) -> None:
        received.answer = json.dumps({"error": message}).encode()
        self._send(status, received.answer)

    def _send_answer(self, received: Received, model: str, request: dict) -> None:
        answer = Answer.to(model, request)
        received.answer = json.dumps(self._shaped(answer.last(request["model"], answer.message()))).encode()
        if model != "cut":
            received.usage = answer.usage
            return self._send(200, received.answer)
        self.send_response(200)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(received.answer)))
        self.end_headers()
        self.wfile.write(received.answer[: len(received.answer) // 2])
        self._hang_up()

    def _stream_lines(self, received: Received, model: str, request: dict) -> None:
        answer = Answer.to(model, request)
        self._start_lines()
        for number, message in enumerate(answer.pieces()):
            if number == 2 and model == "cut":
                return self._hang_up()
            if number == 2 and model == "broken":
                time.sleep(APART_S)
                self._send_line(received, {"error": BROKEN})
                return self._send_chunk(received, b"")
            self._send_line(received, _line(request["model"], message))
        received.usage = answer.usage
        self._send_line(received, answer.last(request["model"], {"role": "assistant", "content": ""}))
        self._send_chunk(received, b"")

    def _stream_lines_without_end(self, received: Received, model: str) -> None:
        self._start_lines()
        end = time.monotonic() + ENDLESS_S
        while time.monotonic() < end and not self._wait(received, 0.01):
            self._send_line(received, _line(model, {"role": "assistant", "content": "word "}))
        self.close_connection = True

    def _start_lines(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _send_line(self, received: Received, value: dict) -> None:
        self._send_chunk(received, json.dumps(self._shaped(value), ensure_ascii=False).encode() + b"\n")

    def _shaped(self, value: dict) -> dict:
        """The value as the route writes it: `/api/generate` has a text in place of a message."""
        if not self._generates or "message" not in value:
            return value
        message = value["message"]
        rest = {name: member for name, member in value.items() if name != "message"}
        thinking = {"thinking": message["thinking"]} if message.get("thinking") else {}
        return rest | {"response": message.get("content", "")} | thinking


def as_chat(request: dict) -> dict:
    """A request of `/api/generate` as one of `/api/chat`.

    Raises: Refused, for members that the route does not have.
    """
    need("messages" not in request and "tools" not in request, "unknown member")
    need(isinstance(request.get("prompt"), str) and request["prompt"], "a prompt is required here")
    own = ("prompt", "system", "images", "suffix", "template", "context", "raw")
    chat = {name: value for name, value in request.items() if name not in own}
    system = [{"role": "system", "content": request["system"]}] if request.get("system") else []
    images = {"images": request["images"]} if request.get("images") else {}
    return chat | {"messages": [*system, {"role": "user", "content": request["prompt"]} | images]}


def check(request: dict) -> None:
    """Checks a request as Ollama reads it into its types.

    Raises: Refused, with the words of a 400.
    """
    for name, value in request.items():
        need(name in TOP, f"unknown member {name}")
        need(value is not None, f"{name} is null")
    need(request.get("model"), "model is required")
    need(isinstance(request.get("stream", True), bool), "cannot unmarshal stream into bool")
    need(isinstance(request.get("messages"), list) and request["messages"], "messages are required here")
    for message in request["messages"]:
        _check_message(message)
    for tool in request.get("tools", []):
        function = tool.get("function", {})
        need(set(tool) == {"type", "function"} and tool["type"] == "function", "cannot unmarshal tool")
        need(set(function) <= {"name", "description", "parameters"} and function.get("name"), "invalid function")
        need(isinstance(function.get("parameters"), dict), "cannot unmarshal parameters")
    form = request.get("format")
    need(form is None or form == "json" or isinstance(form, dict), "invalid format: expected \"json\" or a schema")
    need(request.get("think") in (None, True, False, "low", "medium", "high", "max"), "invalid think value")
    thinks = request["model"].startswith("thinker")
    need(thinks or request.get("think") in (None, False), f'"{request["model"]}" does not support thinking')
    _check_options(request)


def _check_message(message: dict) -> None:
    need(set(message) <= MESSAGE, f"unknown members in {sorted(message)}")
    role = message.get("role")
    need(role in ("system", "user", "assistant", "tool"), f"invalid role: {role}")
    need(isinstance(message.get("content", ""), str), "cannot unmarshal content into string")
    for image in message.get("images", []):
        try:
            need(base64.b64decode(image, validate=True), "an image is empty")
        except binascii.Error:
            raise Refused("illegal base64 data") from None
    for call in message.get("tool_calls", []):
        need(role == "assistant", "only an assistant calls tools")
        need(isinstance(call["function"].get("arguments"), dict), "cannot unmarshal arguments into object")
        need(set(call) <= {"id", "function"}, "unknown members in a call")
        need(set(call["function"]) <= {"index", "name", "arguments"}, "unknown members in a call's function")


def _check_options(request: dict) -> None:
    options = request.get("options", {})
    for name, value in options.items():
        if name in INTEGERS:
            good = isinstance(value, int) and not isinstance(value, bool)
        elif name in NUMBERS:
            good = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            good = name == "stop" and isinstance(value, list) and all(isinstance(text, str) for text in value)
        need(good, f"option '{name}' is unknown or of a wrong type")
    context = options.get("num_ctx", 4096)
    words = _words(request)
    fits = words <= context or request.get("truncate", True)
    need(fits, f"request ({words} tokens) exceeds the available context size ({context} tokens), try increasing it")


@dataclass
class Answer:
    """What the model says."""

    text: str
    thinking: str
    calls: list[dict]
    prompt_tokens: int
    reason: str = "stop"

    @classmethod
    def to(cls, model: str, request: dict) -> Answer:
        tools = request.get("tools", [])
        last = request["messages"][-1]
        answer = cls("", "", [], _words(request))
        if model == "thinker" and request.get("think") is not False:
            answer.thinking = THOUGHT
        if tools and last["role"] != "tool":
            for index, tool in enumerate(tools if model == "parallel" else tools[:1]):
                arguments = example_of(tool["function"]["parameters"])
                call = {"function": {"index": index, "name": tool["function"]["name"], "arguments": arguments}}
                answer.calls.append(call if model == "no-ids" else {"id": f"call_scripted_{index}"} | call)
            return answer
        if last["role"] == "tool":
            results = [message for message in request["messages"] if message["role"] == "tool"]
            answer.text = "The tools said: " + " | ".join(f"{r.get('tool_name')}={r['content']}" for r in results)
        elif request.get("format") == "json":
            answer.text = '{"answer": "plain words"}'
        elif request.get("format"):
            answer.text = json.dumps(example_of(request["format"]))
        else:
            answer.text = f"You said: {last.get('content', '')}"
        answer._limit(request.get("options", {}))
        return answer

    def _limit(self, options: dict) -> None:
        for stop in options.get("stop", []):
            self.text = self.text.split(stop, 1)[0]
        words = _pieces(self.text)
        if 0 <= (limit := options.get("num_predict", -1)) < len(words):
            self.text, self.reason = "".join(words[:limit]), "length"

    @property
    def usage(self) -> dict:
        said = [self.text, self.thinking, *(json.dumps(call["function"]["arguments"]) for call in self.calls)]
        return {"prompt_eval_count": self.prompt_tokens, "eval_count": sum(len(text.split()) for text in said)}

    def message(self) -> dict:
        message: dict = {"role": "assistant", "content": self.text}
        if self.thinking:
            message["thinking"] = self.thinking
        if self.calls:
            message["tool_calls"] = self.calls
        return message

    def pieces(self) -> list[dict]:
        pieces: list[dict] = [{"content": "", "thinking": piece} for piece in _pieces(self.thinking)]
        pieces += [{"content": "", "tool_calls": [call]} for call in self.calls]
        pieces += [{"content": piece} for piece in _pieces(self.text)]
        return [{"role": "assistant"} | piece for piece in pieces]

    def last(self, model: str, message: dict) -> dict:
        durations = dict.fromkeys(("total", "load", "prompt_eval", "eval"), 1_000_000)
        times = {f"{name}_duration": value for name, value in durations.items()}
        return _line(model, message) | {"done": True, "done_reason": self.reason} | times | self.usage


def _line(model: str, message: dict) -> dict:
    return {"model": model, "created_at": CREATED_AT, "message": message, "done": False}


def _pieces(text: str) -> list[str]:
    return text.replace(" ", " \0").split("\0") if text else []


def _words(request: dict) -> int:
    return sum(len(message.get("content", "").split()) for message in request["messages"])
